import { stat } from 'node:fs/promises'
import type { ObjectRef, ObjectStore } from '../../objects/object-store.ts'

/** Sends files to the object store that are new or have changed since they were sent. */
export class ChangedFiles {
  readonly #objects: ObjectStore
  readonly #sent = new Map<string, string>()

  constructor(objects: ObjectStore) {
    this.#objects = objects
  }

  /** Counts a file as sent in its present state. */
  async remember(file: string, ref: ObjectRef): Promise<void> {
    this.#sent.set(nameOf(ref), await fingerprint(file))
  }

  /**
   * Sends a file unless it was sent in its present state. Returns the bytes sent, or undefined. A file that changes
   * meanwhile is sent again next time.
   */
  async send(file: string, ref: ObjectRef): Promise<number | undefined> {
    const before = await fingerprint(file)
    if (this.#sent.get(nameOf(ref)) === before) return undefined
    const info = await this.#objects.upload(file, ref)
    this.#sent.set(nameOf(ref), before)
    return info.size
  }
}

const nameOf = ({ bucket, key }: ObjectRef): string => `${bucket}/${key}`

/** Size and time, and which file it is: one moved into place may be as old and as large as the one it replaces. */
const fingerprint = async (file: string): Promise<string> => {
  const { size, mtimeNs, ino } = await stat(file, { bigint: true })
  return `${size} ${mtimeNs} ${ino}`
}
