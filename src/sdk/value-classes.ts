/** Where the code of a job is. */
export interface TrainingFilesOptions {
  /** Storage directory of the code; with `obsPath`, a directory of this machine. */
  readonly codeDir: string
  /** Start file: relative to `codeDir`, or a full storage path. */
  readonly bootFile: string
  /** Storage directory that local code is uploaded to before the job is created. */
  readonly obsPath?: string | undefined
}

/** Where the code of a job is. */
export class TrainingFiles implements TrainingFilesOptions {
  readonly codeDir: string
  readonly bootFile: string
  readonly obsPath: string | undefined

  constructor(options: TrainingFilesOptions) {
    this.codeDir = options.codeDir
    this.bootFile = options.bootFile
    this.obsPath = options.obsPath
  }
}

/** How a program learns the directory of a channel: an argument `--name=path`, or an environment variable. */
export type AccessMethod = 'parameter' | 'env'

/** Data a job reads. */
export interface InputDataOptions {
  /** Storage path of the data. */
  readonly obsPath?: string | undefined
  /** Name of the channel. Default `data_url`, for the first input only. */
  readonly name?: string | undefined
  /** Directory the program sees; with `isLocalSource`, where the data is on this machine. */
  readonly localPath?: string | undefined
  /** Uploads the data from `localPath` to `obsPath` before the job is created. Default false. */
  readonly isLocalSource?: boolean | undefined
  /** How the program learns the directory. Default `parameter`. */
  readonly accessMethod?: AccessMethod | undefined
  /** A registered dataset instead of `obsPath`. */
  readonly dataset?: { readonly id: string; readonly versionId?: string | undefined } | undefined
}

/** Data a job reads. */
export class InputData implements InputDataOptions {
  readonly obsPath: string | undefined
  readonly name: string | undefined
  readonly localPath: string | undefined
  readonly isLocalSource: boolean
  readonly accessMethod: AccessMethod | undefined
  readonly dataset: InputDataOptions['dataset']

  constructor(options: InputDataOptions) {
    this.obsPath = options.obsPath
    this.name = options.name
    this.localPath = options.localPath
    this.isLocalSource = options.isLocalSource ?? false
    this.accessMethod = options.accessMethod
    this.dataset = options.dataset
  }
}

/** Results of a job. */
export interface OutputDataOptions {
  /** Storage directory for the results. */
  readonly obsPath: string
  /** Name of the channel. Default `train_url`, for the first output only. */
  readonly name?: string | undefined
  /** Directory the program sees. */
  readonly localPath?: string | undefined
  /** How the program learns the directory. Default `parameter`. */
  readonly accessMethod?: AccessMethod | undefined
}

/** Results of a job. */
export class OutputData implements OutputDataOptions {
  readonly obsPath: string
  readonly name: string | undefined
  readonly localPath: string | undefined
  readonly accessMethod: AccessMethod | undefined

  constructor(options: OutputDataOptions) {
    this.obsPath = options.obsPath
    this.name = options.name
    this.localPath = options.localPath
    this.accessMethod = options.accessMethod
  }
}
