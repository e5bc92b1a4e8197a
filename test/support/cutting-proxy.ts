import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where a connection is cut. */
export type Cut =
  /** Before the server has heard of the request. */
  | { readonly at: 'request' }
  /** After the server has answered, before the caller hears of it. */
  | { readonly at: 'answer' }
  /** In the body of the answer, after this part of it (0 to below 1), at most so many bytes. */
  | { readonly at: 'body'; readonly part: number; readonly mostBytes: number }

/** A page that the proxy answers itself. */
export interface Page {
  readonly type: string
  readonly body: string | Uint8Array
}

export interface CuttingProxyOptions {
  /** Address of the server behind. */
  readonly target: string
  /** By path. */
  readonly pages?: Readonly<Record<string, Page>>
  /** Asked for every request that goes to the server. */
  readonly cutOf?: (request: IncomingMessage) => Cut | undefined
}

/**
 * Stands before a server: serves a few pages, so that they are of the same origin as the API, hands everything else on
 * as it is, and cuts connections.
 */
export class CuttingProxy {
  readonly #options: CuttingProxyOptions
  readonly #server = createServer((request, response) => this.#serve(request, response))
  /** Connections cut so far, by place. */
  readonly cuts = { request: 0, answer: 0, body: 0 }

  constructor(options: CuttingProxyOptions) {
    this.#options = options
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get cutCount(): number {
    return this.cuts.request + this.cuts.answer + this.cuts.body
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const page = this.#options.pages?.[request.url ?? '']
    if (page) {
      response.writeHead(200, { 'content-type': page.type, 'cache-control': 'no-store' }).end(page.body)
      return
    }
    const cut = this.#options.cutOf?.(request)
    if (cut?.at === 'request') {
      this.#cut(request, cut)
      return
    }
    this.#forward(request, response, cut)
  }

  #forward(request: IncomingMessage, response: ServerResponse, cut: Cut | undefined): void {
    const { method, url, headers } = request
    // `Host` goes on as sent: it is part of the signature.
    const onward = send(`${this.#options.target}${url}`, { method, headers }, (answer) => {
      if (cut?.at === 'answer') {
        this.#cut(request, cut)
        answer.destroy()
        return
      }
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      if (cut?.at === 'body') this.#sendPart(request, answer, response, cut)
      else answer.pipe(response)
    })
    onward.on('error', () => request.socket.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  }

  #sendPart(
    request: IncomingMessage,
    answer: IncomingMessage,
    response: ServerResponse,
    cut: Extract<Cut, { at: 'body' }>,
  ): void {
    const length = Number(answer.headers['content-length'] ?? 0)
    let left = Math.min(cut.mostBytes, Math.floor(length * cut.part))
    const stop = (): void => {
      answer.removeAllListeners('data').destroy()
      this.#cut(request, cut)
    }
    if (left === 0) {
      response.flushHeaders()
      stop()
      return
    }
    answer.on('data', (chunk: Buffer) => {
      if (left === 0) return
      const part = chunk.subarray(0, left)
      left -= part.length
      // What was written has to be on its way: a cut at once would drop it.
      response.write(part, left === 0 ? stop : undefined)
    })
  }

  #cut(request: IncomingMessage, { at }: Cut): void {
    this.cuts[at] += 1
    request.socket.destroy()
  }
}
