/**
 * What was removed by age, and the indexes that find what is due: they hold finished jobs only, oldest end first, so
 * that a sweep reads no more than it removes.
 */
export const AGING_SCHEMA = `
ALTER TABLE jobs ADD COLUMN logs_cleared_at INTEGER;
ALTER TABLE jobs ADD COLUMN events_cleared_at INTEGER;

CREATE INDEX jobs_by_end ON jobs (end_time) WHERE is_final = 1 AND deleted_at IS NULL;
CREATE INDEX jobs_with_logs ON jobs (end_time)
  WHERE is_final = 1 AND deleted_at IS NULL AND logs_cleared_at IS NULL;
CREATE INDEX jobs_with_events ON jobs (end_time)
  WHERE is_final = 1 AND deleted_at IS NULL AND events_cleared_at IS NULL;
`
