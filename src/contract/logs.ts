import { type Static, Type } from 'typebox'
import { integer, optional, text, texts } from './fields.ts'

/** Most bytes a preview returns: 5 MB, read as 5,242,880. */
export const MAX_PREVIEW_BYTES = 5_242_880

/** Seconds a log link stays valid. */
export const LOG_LINK_SECONDS = 300

export const LogPreviewResponse = Type.Object(
  {
    content: text('The whole log, or its newest part when larger than 5 MB, cut at a line.'),
    current_size: integer('Bytes of `content`.'),
    full_size: integer('Bytes of the whole log.'),
  },
  { $id: 'LogPreviewResponse', description: 'The newest part of a log.' },
)
/** The newest part of a log. */
export type LogPreviewResponse = Static<typeof LogPreviewResponse>

export const LogLinkQuery = Type.Object({
  'Content-Type': optional(
    text('`text/plain` to view, `application/octet-stream` to download; the header of that name counts too.'),
  ),
})
export type LogLinkQuery = Static<typeof LogLinkQuery>

export const LogLinkResponse = Type.Object(
  {
    obs_url: text('Signed link to the whole log, valid 5 minutes; understands Range.'),
    shards: optional(
      Type.Object(
        {
          object_urls: optional(texts('Links to the parts of a rotated log.')),
          count: optional(integer('Number of parts in the answer.')),
          total: optional(integer('Number of parts.')),
        },
        { description: 'Parts of a rotated log.' },
      ),
    ),
  },
  { $id: 'LogLinkResponse', description: 'A link to a log.' },
)
export type LogLinkResponse = Static<typeof LogLinkResponse>
