import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LocalExecutor } from '../../src/executors/local/local-executor.ts'
import { MemoryObjectStore } from './memory-object-store.ts'

// A server reduced to its executor, to be killed: starts the run of a file, says so, and stays.
const [directory = '', specFile = ''] = process.argv.slice(2)
const executor = new LocalExecutor({
  root: join(directory, 'runs'),
  logRoot: join(directory, 'logs'),
  objects: new MemoryObjectStore(),
  capacity: { cores: 4, memoryBytes: 8 * 1024 ** 3, gpus: 0, npus: 0 },
})
await executor.start(JSON.parse(await readFile(specFile, 'utf8')))
process.stdout.write('started\n')
setInterval(() => undefined, 60_000)
