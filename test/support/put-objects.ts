import { createHash } from 'node:crypto'
import { openFilesystemObjects } from '../../src/objects/filesystem/filesystem-objects.ts'

// Puts objects until it is killed or a put fails; after each it prints `<key> <checksum>`, at the end the code of the
// refusal. Every fourth put replaces the same key. Arguments: directory of the store, bytes of one object.
const [root = '', size = '100000'] = process.argv.slice(2)
const objects = openFilesystemObjects({ root })
for (let at = 0; ; at += 1) {
  const content = Buffer.alloc(Number(size), `${at} `)
  const key = at % 4 === 0 ? 'same' : `key-${at}`
  try {
    const chunks = (async function* () {
      for (let from = 0; from < content.length; from += 10_000) yield content.subarray(from, from + 10_000)
    })()
    await objects.put({ projectId: 'p', bucket: 'data', key }, chunks)
  } catch (error) {
    console.log(`refused ${error instanceof Error && 'code' in error ? error.code : error}`)
    const { objects: kept } = await objects.list({
      projectId: 'p',
      bucket: 'data',
      prefix: '',
      delimiter: '',
      limit: 1000,
      after: '',
    })
    for (const { key, checksum } of kept) {
      const read = await objects.read({ projectId: 'p', bucket: 'data', key })
      const hash = createHash('sha256')
      for await (const chunk of read?.content ?? []) hash.update(chunk)
      console.log(`kept ${hash.digest('hex') === checksum ? 'whole' : 'BROKEN'}`)
    }
    // Room can always be made.
    await objects.deletePrefix({ projectId: 'p', bucket: 'data', key: 'k' })
    await objects.put(
      { projectId: 'p', bucket: 'data', key: 'after' },
      (async function* () {
        yield Buffer.from('x')
      })(),
    )
    await objects.close()
    console.log('room again')
    break
  }
  console.log(`${key} ${createHash('sha256').update(content).digest('hex')}`)
}
