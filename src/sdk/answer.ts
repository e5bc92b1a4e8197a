import type { Call } from '../contract/calls.ts'
import { isErrorCode } from '../contract/error-codes.ts'
import { TrainyardError } from '../contract/trainyard-error.ts'
import type { ExpectedStatus } from './request.ts'

/** Longest JSON answer read: far above a page of 50 jobs or a log preview. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
/** Longest refusal read: what is longer does not come from the API. */
const MAX_REFUSAL_BYTES = 64 * 1024

/** How many bytes the body has to have; undefined when nothing tells, or it was packed on the way. */
const announcedBytes = (response: Response): number | undefined => {
  const length = response.headers.get('content-length')
  return length === null || response.headers.has('content-encoding') ? undefined : Number(length)
}

/**
 * The body of an answer, all of it. Not every runtime tells of a connection that ends too early.
 * @throws TrainyardError `connection_failed` when bytes are missing.
 */
export async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0
  for await (const chunk of chunksOf(response.body)) {
    sizeBytes += chunk.byteLength
    yield chunk
  }
  if (sizeBytes < (announcedBytes(response) ?? 0)) {
    throw new TrainyardError('connection_failed', 'The connection ended in the middle of the answer.', {
      solution: 'Try again.',
    })
  }
}

/** The chunks of a body, one after another; the body is let go when the reader stops early. */
export async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    // Ends the connection when bytes are left; does nothing after the last one.
    await reader.cancel().catch(() => undefined)
  }
}

const tooLong = (): TrainyardError =>
  new TrainyardError('unexpected_answer', 'The answer is longer than any the API gives.')

const readText = async (response: Response, maxBytes: number): Promise<string> => {
  const decoder = new TextDecoder()
  let text = ''
  let sizeBytes = 0
  for await (const chunk of bodyOf(response)) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > maxBytes) throw tooLong()
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const requestIdOf = (response: Response): { requestId?: string } => {
  const requestId = response.headers.get('x-request-id')
  return requestId === null ? {} : { requestId }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** What is too long to be a refusal of the API is none; a body that was cut off stays trouble of the connection. */
const ignoreTooLong = (error: unknown): string => {
  if (error instanceof TrainyardError && error.code === 'unexpected_answer') return ''
  throw error
}

/** Reads a refusal: the API's body, the identity calls' body, or anything a gateway on the way has written. */
export const readRefusal = async (response: Response): Promise<TrainyardError> => {
  const about = { status: response.status, ...requestIdOf(response) }
  const body = parseJson(await readText(response, MAX_REFUSAL_BYTES).catch(ignoreTooLong))
  if (isRecord(body) && typeof body['error_code'] === 'string') {
    const solution = textOf(body['error_solution'])
    const message = textOf(body['error_msg']) ?? `The server refused the request (HTTP ${response.status}).`
    return new TrainyardError(body['error_code'], message, {
      ...about,
      ...(solution === undefined || solution === '' ? {} : { solution }),
    })
  }
  const identity = isRecord(body) && isRecord(body['error']) ? body['error'] : undefined
  const code = `IAM.0${response.status}`
  if (identity && isErrorCode(code)) {
    return new TrainyardError(code, textOf(identity['message']) ?? 'The sign-in was refused.', about)
  }
  return new TrainyardError(
    'unexpected_answer',
    `The server answered HTTP ${response.status} without an error of the API.`,
    { ...about, solution: 'Check that the endpoint is a Trainyard server and what stands between.' },
  )
}

/** A success that is not the one asked for must not pass for it. */
export const checkStatus = (response: Response, expected: ExpectedStatus | undefined): void => {
  if (expected === undefined || !response.ok || response.status === expected.status) return
  throw new TrainyardError(
    'unexpected_answer',
    `The server answered HTTP ${response.status}, not ${expected.status}. ${expected.otherwise}`,
    { status: response.status },
  )
}

/**
 * Reads the JSON answer of an operation; undefined when it has none.
 * @throws TrainyardError `unexpected_answer` when the body is not what the operation answers.
 */
export const readAnswer = async (operation: Call, response: Response): Promise<unknown> => {
  if (operation.answers === undefined) {
    await response.body?.cancel()
    return undefined
  }
  const answer = parseJson(await readText(response, MAX_ANSWER_BYTES))
  const isWrongShape =
    (operation.answers === 'object' && !isRecord(answer)) ||
    (operation.answers === 'array' && !Array.isArray(answer))
  if (answer === undefined || isWrongShape) {
    throw new TrainyardError(
      'unexpected_answer',
      `The answer to ${operation.id} is not what the API gives.`,
      {
        status: response.status,
        ...requestIdOf(response),
        solution: 'Check that the endpoint is a Trainyard server and what stands between.',
      },
    )
  }
  return answer
}
