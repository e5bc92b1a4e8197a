import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ObjectInfo } from '../../contract/objects.ts'
import { OPERATIONS } from '../../contract/operations.ts'
import { UNSIGNED_PAYLOAD } from '../../contract/signature.ts'
import { isBucketName, isObjectKey } from '../../contract/storage-url.ts'
import { refusal } from '../../contract/trainyard-error.ts'
import type { ByteRange, ObjectRef, ObjectStore } from '../../objects/object-store.ts'
import { contentRange, parseRange } from '../byte-range.ts'
import { objectContent } from '../request-body.ts'
import type { Routing } from '../routing.ts'

/** Most objects and prefixes of a page. */
const MAX_PAGE = 1000

/** How often a read is begun again because the object was replaced in between. */
const READ_ATTEMPTS = 3

const checkBucket = (bucket: string): string => {
  if (!isBucketName(bucket)) throw refusal('ModelArts.2791', 'The bucket name is not valid.')
  return bucket
}

const refOf = (projectId: string, params: { bucket: string; key: string }): ObjectRef => {
  if (!isObjectKey(params.key)) throw refusal('ModelArts.2791', 'The object key is not valid.')
  return { projectId, bucket: checkBucket(params.bucket), key: params.key }
}

const notFound = () => refusal('ModelArts.4404', 'There is no such object.')

const checksumIn = (name: string, value: string | string[] | undefined): string | undefined => {
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase()
  throw refusal('ModelArts.2788', `${name} must be a SHA-256 in hex.`)
}

/** The checksum an upload must have. Sign-in has covered the header, not the content, so a signed hash is checked here. */
const expectedChecksum = (headers: IncomingHttpHeaders): string | undefined => {
  const own = checksumIn('X-Trainyard-Sha256', headers['x-trainyard-sha256'])
  const sent = headers['x-sdk-content-sha256']
  const signed = sent === UNSIGNED_PAYLOAD ? undefined : checksumIn('X-Sdk-Content-Sha256', sent)
  if (own !== undefined && signed !== undefined && own !== signed) {
    throw refusal('ModelArts.2788', 'X-Trainyard-Sha256 and X-Sdk-Content-Sha256 differ.')
  }
  return own ?? signed
}

const etagOf = (info: ObjectInfo): string => `"${info.checksum}"`

const lastModifiedOf = (info: ObjectInfo): string => new Date(info.modified_at).toUTCString()

const setHeaders = (reply: FastifyReply, info: ObjectInfo): void => {
  reply.header('Content-Type', 'application/octet-stream')
  reply.header('Accept-Ranges', 'bytes')
  reply.header('Cache-Control', 'private, no-cache')
  reply.header('ETag', etagOf(info))
  reply.header('Last-Modified', lastModifiedOf(info))
}

/** Whether the caller has this content already. */
const isFresh = (request: FastifyRequest, info: ObjectInfo): boolean => {
  const tags = request.headers['if-none-match']
  if (tags === undefined) return false
  return tags.split(',').some((tag) => ['*', etagOf(info)].includes(tag.trim().replace(/^W\//, '')))
}

/** The part asked for. With `If-Range` only when the object is still the one the caller began with. */
const rangeOf = (request: FastifyRequest, info: ObjectInfo): ByteRange | undefined | 'unsatisfiable' => {
  const condition = request.headers['if-range']
  const isSame = condition === undefined || condition === etagOf(info) || condition === lastModifiedOf(info)
  return isSame ? parseRange(request.headers.range, info.size) : undefined
}

const refuseRange = (reply: FastifyReply, info: ObjectInfo): never => {
  reply.header('Content-Range', `bytes */${info.size}`)
  throw refusal('ModelArts.2788', 'The range lies outside the object.', {
    status: 416,
    solution: 'Ask for bytes below the size in Content-Range.',
  })
}

/** Content as a stream: one that can be let go of before it was read. */
const toStream = (content: AsyncIterable<Uint8Array>): Readable =>
  content instanceof Readable ? content : Readable.from(content, { objectMode: false })

/**
 * Sends an object or a part of it. Size and range come from a look before the read, so a read that met another content
 * is begun again: headers and bytes must belong together.
 */
const sendObject = async (
  objects: ObjectStore,
  ref: ObjectRef,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  for (let attempt = 1; attempt <= READ_ATTEMPTS; attempt++) {
    const info = await objects.find(ref)
    if (!info) throw notFound()
    if (isFresh(request, info)) {
      return reply.code(304).header('ETag', etagOf(info)).header('Cache-Control', 'private, no-cache').send()
    }
    const range = rangeOf(request, info)
    if (range === 'unsatisfiable') return refuseRange(reply, info)
    const found = await objects.read(ref, range)
    if (!found) throw notFound()
    const content = toStream(found.content)
    if (found.info.checksum !== info.checksum) {
      content.destroy()
      continue
    }
    setHeaders(reply, info)
    if (range) reply.code(206).header('Content-Range', contentRange(range, info.size))
    reply.header('Content-Length', range ? range.end - range.start + 1 : info.size)
    return reply.send(content)
  }
  throw refusal('ModelArts.2958', 'The object changes too fast to be read.')
}

/** Put, get, head and delete of one object. */
const addObjectCalls = (routing: Routing, objects: ObjectStore): void => {
  routing.add(OPERATIONS.putObject, async ({ caller, params, request }) => {
    const ref = refOf(caller.projectId, params)
    const checksum = expectedChecksum(request.headers)
    const content = objectContent(request.raw)
    const info = await objects.put(ref, content, checksum === undefined ? {} : { checksum })
    return { bucket: ref.bucket, ...info }
  })
  routing.add(OPERATIONS.getObject, ({ caller, params, request, reply }) =>
    sendObject(objects, refOf(caller.projectId, params), request, reply),
  )
  routing.add(OPERATIONS.headObject, async ({ caller, params, request, reply }) => {
    const info = await objects.find(refOf(caller.projectId, params))
    if (!info) throw notFound()
    setHeaders(reply, info)
    if (isFresh(request, info)) return reply.code(304).send()
    return reply.header('Content-Length', info.size).send()
  })
  routing.add(OPERATIONS.deleteObject, async ({ caller, params, query, reply }) => {
    const ref = refOf(caller.projectId, params)
    if (query.recursive && ref.key.endsWith('/')) await objects.deletePrefix(ref)
    else await objects.delete(ref)
    return reply.code(204).send()
  })
}

/** The object store: buckets, lists and objects. */
export const addObjectRoutes = (routing: Routing, objects: ObjectStore): void => {
  routing.add(OPERATIONS.listBuckets, async ({ caller }) => ({
    buckets: await objects.listBuckets(caller.projectId),
  }))
  routing.add(OPERATIONS.listObjects, ({ caller, params, query }) =>
    objects.list({
      projectId: caller.projectId,
      bucket: checkBucket(params.bucket),
      prefix: query.prefix ?? '',
      delimiter: query.delimiter ?? '',
      limit: query.limit ?? MAX_PAGE,
      after: query.after ?? '',
    }),
  )
  addObjectCalls(routing, objects)
}
