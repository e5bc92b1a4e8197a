import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readRefusal } from './answer.ts'

/** A refusal of which only the beginning arrives; a runtime that notices breaks the stream, another just ends it. */
const cutRefusal = (notices: boolean): Response => {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"error_code":"Model'))
      if (notices) controller.error(new TypeError('terminated'))
      else controller.close()
    },
  })
  return new Response(body, { status: 400, headers: { 'content-length': '120' } })
}

describe('a refusal', () => {
  it('that is cut off is trouble of the connection, so that a read is repeated', async () => {
    await assert.rejects(readRefusal(cutRefusal(true)), TypeError)
    await assert.rejects(readRefusal(cutRefusal(false)), { code: 'connection_failed' })
  })

  it('that is no refusal of the API says so', async () => {
    const error = await readRefusal(new Response('<html>', { status: 502 }))
    const endless = await readRefusal(new Response('x'.repeat(100_000), { status: 400 }))

    assert.deepEqual(
      [error.code, error.status, endless.code],
      ['unexpected_answer', 502, 'unexpected_answer'],
    )
  })
})
