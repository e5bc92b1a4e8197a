/** Who asks, and in which project: what this room needs to know of a caller. */
export interface Requester {
  readonly userId: string
  readonly userName: string
  readonly projectId: string
}

/** Tells whose jobs a requester may see. */
export interface WorkspaceAccess {
  /**
   * `ownerId` set: only that user's jobs; absent: everybody's in the workspace.
   * @throws TrainyardError `ModelArts.0102` unknown workspace, `ModelArts.0112` not allowed.
   */
  visibility(requester: Requester, workspaceId: string): Promise<{ ownerId?: string }>
}
