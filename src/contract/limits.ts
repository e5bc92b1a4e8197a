/** Pattern of job names: 1 to 64 letters, digits, `_` or `-`. */
export const JOB_NAME_PATTERN = '^[A-Za-z0-9_-]{1,64}$'

/** Longest description, in characters. */
export const MAX_DESCRIPTION = 256

/** Most jobs on a page of the list. */
export const MAX_LIMIT = 50
