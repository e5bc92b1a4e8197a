import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'

/**
 * Takes the program of the reference page out of the package of its makers and keeps it compressed in `assets/`.
 * That package needs many others; what a browser runs is one file of it. `npm ci` runs this (`prepare`).
 */
const makeAssets = async (assets: string): Promise<void> => {
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  const { default: fastify } = await import('fastify')
  const app = fastify()
  await app.register(scalar, { routePrefix: '/docs', configuration: { url: '/openapi.json' } })
  const { statusCode, rawPayload } = await app.inject('/docs/js/scalar.js')
  await app.close()
  if (statusCode !== 200 || !rawPayload.includes('createApiReference')) {
    throw new Error(`the package answers ${statusCode} and no program`)
  }
  await mkdir(assets, { recursive: true })
  const packed = await promisify(gzip)(rawPayload, { level: constants.Z_BEST_COMPRESSION })
  await writeFile(join(assets, 'api-reference.js.gz'), packed)
  // Its licence goes where it goes.
  const entry = fileURLToPath(import.meta.resolve('@scalar/fastify-api-reference'))
  const licence = await readFile(join(dirname(entry), '../LICENSE'), 'utf8')
  await writeFile(join(assets, 'api-reference.LICENSE'), licence)
}

/** Without the development dependencies there is nothing to take it from, as in `npm ci --omit=dev`. */
const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'

try {
  await makeAssets(join(import.meta.dirname, '../assets'))
} catch (error) {
  if (!isMissing(error)) throw error
  process.stderr.write('assets/ is not made: the development dependencies are not installed\n')
}
