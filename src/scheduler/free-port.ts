import { createServer } from 'node:net'

/**
 * Ports kept for jobs whose tasks share one address. Below the range the kernel hands out for outgoing connections, so
 * that a port found free now is still free when the program binds it.
 */
const FIRST_PORT = 20_000
const PORT_COUNT = 10_000
const ATTEMPTS = 200

/** A loopback port that no other job was given and nobody listens on. */
export const findFreePort = async (taken: ReadonlySet<number>, start: number): Promise<number> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = FIRST_PORT + ((start + attempt) % PORT_COUNT)
    if (!taken.has(port) && (await canListen(port))) return port
  }
  throw new Error(`No free port in ${ATTEMPTS} attempts from ${FIRST_PORT + (start % PORT_COUNT)}`)
}

const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
