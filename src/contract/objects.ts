import { type Static, Type } from 'typebox'
import { flag, integer, list, optional, text, texts } from './fields.ts'

export const ObjectInfo = Type.Object(
  {
    key: text('Key of the object.'),
    size: integer('Bytes.'),
    checksum: text('SHA-256 of the content, lower-case hex.'),
    modified_at: integer('When it was written, epoch ms.'),
  },
  { $id: 'ObjectInfo', description: 'An object of the store.' },
)
/** An object of the store. */
export type ObjectInfo = Static<typeof ObjectInfo>

export const PutObjectResponse = Type.Object(
  {
    bucket: text('Bucket of the object.'),
    key: text('Key of the object.'),
    size: integer('Bytes.'),
    checksum: text('SHA-256 of the content, lower-case hex.'),
    modified_at: integer('When it was written, epoch ms.'),
  },
  { $id: 'PutObjectResponse', description: 'The object as stored.' },
)
/** The object as stored. */
export type PutObjectResponse = Static<typeof PutObjectResponse>

export const ListObjectsQuery = Type.Object({
  prefix: optional(text('Only keys that start with this.')),
  delimiter: optional(text('Fold keys at this character, `/`, into `prefixes`.', { maxLength: 1 })),
  limit: optional(
    integer('Most objects and prefixes to return.', { minimum: 1, maximum: 1000, default: 1000 }),
  ),
  after: optional(text('Continue after this key or prefix: `next` of the page before.')),
})
export type ListObjectsQuery = Static<typeof ListObjectsQuery>

export const ListObjectsResponse = Type.Object(
  {
    objects: list(ObjectInfo, 'Objects in the order of their keys.'),
    prefixes: texts('Folded prefixes, when a delimiter was sent.'),
    next: optional(text('Where the next page starts; absent on the last.')),
  },
  { $id: 'ListObjectsResponse', description: 'A page of objects.' },
)
export type ListObjectsResponse = Static<typeof ListObjectsResponse>

export const ListBucketsResponse = Type.Object(
  {
    buckets: list(
      Type.Object(
        {
          name: text('Name of the bucket.'),
          created_at: integer('When its first object was written, epoch ms.'),
        },
        { description: 'A bucket.' },
      ),
      'Buckets of the project.',
    ),
  },
  { $id: 'ListBucketsResponse', description: 'The buckets of the project.' },
)
export type ListBucketsResponse = Static<typeof ListBucketsResponse>

export const DeleteObjectQuery = Type.Object({
  recursive: optional(flag('Delete everything below a key that ends with `/`.')),
})
export type DeleteObjectQuery = Static<typeof DeleteObjectQuery>
