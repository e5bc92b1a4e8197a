/** Moves files of this machine into the object store. Node has them, a browser does not. */
export interface LocalFiles {
  /** Uploads a file into, or the content of a directory to, a storage directory. */
  uploadPath(
    localPath: string,
    obsDirectory: string,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<void>
}
