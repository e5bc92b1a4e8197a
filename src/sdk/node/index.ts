export * from '../index.ts'
export type { FoundSettings } from './find-settings.ts'
export type { LocalFile } from './local-tree.ts'
export {
  ObsFiles,
  type TransferOptions,
  type TransferProgress,
  type TransferResult,
  type UploadDirOptions,
} from './obs-files.ts'
export {
  checkProfileName,
  type Profile,
  type Profiles,
  profilesFile,
  readProfiles,
  writeProfiles,
} from './profiles.ts'
// Stands in the place of the browser's session.
export { type NodeSessionOptions, Session } from './session.ts'
export { credentialsFile, type Environment, type Settings } from './settings.ts'
