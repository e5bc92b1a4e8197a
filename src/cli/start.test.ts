import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { it } from 'node:test'

/** Prints every module that a module loads. */
const TRACE = `
  import { registerHooks } from 'node:module'
  registerHooks({ load: (url, context, next) => (console.log(url), next(url, context)) })
  await import(process.argv[1])
`

it('starts without the schemas: hundreds of files that the server needs, not a command', () => {
  const program = join(import.meta.dirname, 'program.ts')
  const loaded = execFileSync(process.execPath, ['--input-type=module', '-e', TRACE, program], {
    encoding: 'utf8',
  }).split('\n')

  assert.ok(loaded.some((url) => url.endsWith('/src/cli/list.ts')))
  assert.deepEqual(
    loaded.filter((url) =>
      /node_modules\/(typebox|ajv|fastify|pino)\/|\/src\/contract\/fields\.ts$/.test(url),
    ),
    [],
  )
})
