/** The media type of a `Content-Type` value: lower case, without parameters; '' when there is none. */
export const mediaType = (contentType: string | undefined): string =>
  (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** Whether a content type is JSON, with any charset parameter. */
export const isJsonType = (contentType: string | undefined): boolean =>
  mediaType(contentType) === 'application/json'
