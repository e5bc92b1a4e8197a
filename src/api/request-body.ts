import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { refusal } from '../contract/trainyard-error.ts'

/** Most bytes of a JSON body: 1 MiB. */
export const MAX_JSON_BYTES = 1024 * 1024

/** Most bytes of one object: 1 TiB. */
export const MAX_OBJECT_BYTES = 1024 ** 4

/** How long a JSON body may take to arrive. */
const JSON_BODY_TIMEOUT_MS = 60_000

/** How long the rest of a refused body is discarded, so that its sender can read the refusal before the connection ends. */
const LINGER_MS = 2_000

const NOTHING = new Uint8Array()

const bodyTooLarge = (limitBytes: number, solution: string) =>
  refusal('ModelArts.4104', `The body is larger than ${limitBytes} bytes.`, { solution })

const jsonTooLarge = () =>
  bodyTooLarge(MAX_JSON_BYTES, 'Send a JSON body of at most 1 MiB; put data into the object store.')

const objectTooLarge = () => bodyTooLarge(MAX_OBJECT_BYTES, 'Split the data into several objects.')

/** Bytes the sender announces; NaN when it does not say. */
const announcedBytes = (message: IncomingMessage): number =>
  Number(message.headers['content-length'] ?? Number.NaN)

/** Whether a request has a body at all. */
export const hasBody = (message: IncomingMessage): boolean =>
  message.headers['transfer-encoding'] !== undefined || announcedBytes(message) > 0

/**
 * Reads a whole body of a JSON call.
 * @throws TrainyardError `ModelArts.4104` above 1 MiB, `ModelArts.2787` (408) when it does not arrive within a minute.
 */
export const readJsonBytes = (message: IncomingMessage): Promise<Uint8Array> => {
  if (!hasBody(message)) return Promise.resolve(NOTHING)
  if (announcedBytes(message) > MAX_JSON_BYTES) return Promise.reject(jsonTooLarge())
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    const settle = (finish: () => void): void => {
      clearTimeout(timer)
      message.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      message.pause()
      finish()
    }
    const onData = (chunk: Buffer): void => {
      sizeBytes += chunk.length
      if (sizeBytes > MAX_JSON_BYTES) settle(() => reject(jsonTooLarge()))
      else chunks.push(chunk)
    }
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks)))
    const onError = (error: Error): void => settle(() => reject(error))
    const onClose = (): void => settle(() => reject(new Error('The connection ended within the body.')))
    const onTimeout = (): void =>
      settle(() => reject(refusal('ModelArts.2787', 'The body did not arrive in time.', { status: 408 })))
    const timer = setTimeout(onTimeout, JSON_BODY_TIMEOUT_MS)
    message.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  })
}

/**
 * The body of an upload, piece by piece. It leaves the connection open when its reader stops early, so that a refusal
 * can still be answered; it throws when the sender goes away before the end.
 */
export const objectContent = (message: IncomingMessage): AsyncIterable<Uint8Array> => {
  if (announcedBytes(message) > MAX_OBJECT_BYTES) throw objectTooLarge()
  return limited(message)
}

async function* limited(message: IncomingMessage): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0
  const chunks: AsyncIterable<Buffer> = message.iterator({ destroyOnReturn: false })
  for await (const chunk of chunks) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_OBJECT_BYTES) throw objectTooLarge()
    yield chunk
  }
}

/**
 * Ends the connection of a request that was answered before its body had arrived. Without this a refused upload
 * would be read to its end for nothing; closing at once could lose the answer.
 */
export const endUnreadBody = (request: FastifyRequest): void => {
  const { raw } = request
  if (raw.complete || raw.destroyed || !hasBody(raw)) return
  const timer = setTimeout(() => {
    if (!raw.complete) raw.destroy()
  }, LINGER_MS)
  timer.unref()
  raw.resume()
  raw.once('close', () => clearTimeout(timer))
}
