/** What one error code stands for. */
export interface ErrorCodeEntry {
  /** HTTP status the code is answered with, unless the situation names another. */
  readonly status: number
  /** The vendor's short label. */
  readonly label: string
  /** What the caller can do about it: the default `error_solution`. */
  readonly solution: string
}

const entry = (status: number, label: string, solution: string): ErrorCodeEntry => ({
  status,
  label,
  solution,
})

/**
 * Every error code Trainyard can answer: code, HTTP status, label, advice.
 * Codes and statuses are the vendor's (contract: errors and sign-in, section 2); the sentences are ours.
 * The `IAM` codes are inner names: the identity calls answer their status and message in a shape of their own.
 */
export const ERROR_CODES = {
  'ModelArts.0102': entry(
    400,
    'WorkspaceNotFound',
    'Use "0" for the default workspace, or the id of one you can see.',
  ),
  'ModelArts.0108': entry(403, 'Forbidden', 'Ask an administrator of the project for the permission.'),
  'ModelArts.0112': entry(403, 'WorkspaceForbidden', 'Ask the owner of the workspace to share it with you.'),
  'ModelArts.0201': entry(401, 'TokenMissing', 'Send X-Auth-Token, or sign the request with an access key.'),
  'ModelArts.0202': entry(401, 'TokenExpired', 'Fetch a new token from POST /v3/auth/tokens.'),
  'ModelArts.0203': entry(401, 'TokenInvalid', 'Fetch a new token from POST /v3/auth/tokens.'),
  'ModelArts.0206': entry(
    401,
    'AuthorizationMalformed',
    'Sign with SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=….',
  ),
  'ModelArts.0212': entry(401, 'TokenWithoutProject', 'Fetch a token whose scope is a project.'),
  'ModelArts.2751': entry(
    400,
    'DuplicateTrainingJobName',
    'Choose another name, or delete the job that has it.',
  ),
  'ModelArts.2753': entry(
    400,
    'InputsOutputsMessageError',
    'Give each channel a name of its own and exactly one remote.',
  ),
  'ModelArts.2755': entry(400, 'AiAlgorithmNotFound', 'List the algorithms and use one of their ids.'),
  'ModelArts.2757': entry(400, 'CodeDirError', 'Upload the code, then name its directory as /bucket/path/.'),
  'ModelArts.2758': entry(400, 'BootFileDirError', 'Name a start file that lies inside the code directory.'),
  'ModelArts.2759': entry(400, 'CodeTooManyFiles', 'Keep data out of the code directory.'),
  'ModelArts.2760': entry(400, 'CodeTooDeep', 'Flatten the code directory.'),
  'ModelArts.2761': entry(400, 'CodeTooLarge', 'Keep data out of the code directory.'),
  'ModelArts.2764': entry(400, 'QueryParamsError', 'Correct the query parameter and retry.'),
  'ModelArts.2766': entry(400, 'ParameterValueMissing', 'Give the parameter a value.'),
  'ModelArts.2767': entry(400, 'DuplicateParameter', 'Use each parameter and channel name once.'),
  'ModelArts.2768': entry(400, 'ParameterTypeMismatch', 'Send a value of the type the constraint names.'),
  'ModelArts.2769': entry(
    400,
    'ParameterOutOfRange',
    'Send a value inside the range or choice of the constraint.',
  ),
  'ModelArts.2770': entry(400, 'RangeError', 'Give a range of two values, the lower first.'),
  'ModelArts.2775': entry(400, 'TrainingJobNotFound', 'Look the id up in the job list and retry.'),
  'ModelArts.2780': entry(400, 'EngineNotFound', 'List the engines and use one of them.'),
  'ModelArts.2781': entry(400, 'FlavorNotFound', 'List the flavors and use one of their ids.'),
  'ModelArts.2782': entry(400, 'DatasetVersionNotFound', 'Use a version that the dataset has.'),
  'ModelArts.2783': entry(400, 'DatasetNotFound', 'Use a storage path, or the id of a dataset that exists.'),
  'ModelArts.2786': entry(404, 'ProjectMismatch', 'Use the project id your credentials belong to.'),
  'ModelArts.2787': entry(400, 'InvalidJsonBody', 'Send a JSON object, nested at most 64 levels.'),
  'ModelArts.2788': entry(400, 'InvalidParam', 'Correct the field that the message names and retry.'),
  'ModelArts.2790': entry(400, 'UnsupportedSortBy', 'Sort by one of the keys the reference lists.'),
  'ModelArts.2791': entry(400, 'InvalidObsPath', 'Write storage paths as /bucket/path or obs://bucket/path.'),
  'ModelArts.2793': entry(400, 'FlavorOutOfRange', 'Ask for fewer nodes, or a smaller flavor.'),
  'ModelArts.2796': entry(
    409,
    'NotAllowedToTerminate',
    'Only jobs in Creating, Pending or Running can be stopped.',
  ),
  'ModelArts.2799': entry(429, 'TooManyRequests', 'Wait for the time in Retry-After, then retry.'),
  'ModelArts.2802': entry(400, 'InvalidCodeDir', 'Write the code directory as /bucket/path/.'),
  'ModelArts.2803': entry(405, 'MethodNotAllowed', 'Use a method that the path supports; Allow lists them.'),
  'ModelArts.2806': entry(400, 'MustHaveCmdAndImage', 'Send both engine.image_url and command.'),
  'ModelArts.2807': entry(400, 'UnsupportedConditionKey', 'Filter by one of the keys the reference lists.'),
  'ModelArts.2808': entry(400, 'UnsupportedConditionOperator', 'Use an operator that the key supports.'),
  'ModelArts.2809': entry(400, 'UnsupportedConditionValue', 'Correct the filter value and retry.'),
  'ModelArts.2810': entry(400, 'ImageQueryError', 'Check the image name and that this server can read it.'),
  'ModelArts.2812': entry(400, 'UnsupportedActionType', 'Send {"action_type": "terminate"}.'),
  'ModelArts.2814': entry(400, 'AlgorithmNotMatch', 'Send only what the managed algorithm allows.'),
  'ModelArts.2815': entry(400, 'ExceedQuotaLimit', 'Wait for jobs to end, or ask for more quota.'),
  'ModelArts.2816': entry(400, 'ParamRangeError', 'Stay within the limit that the message names.'),
  'ModelArts.2818': entry(400, 'LogNotReady', 'Wait until the task has written something.'),
  'ModelArts.2819': entry(
    400,
    'LogCleared',
    'The log was removed after its retention time; use log_export_path to keep copies.',
  ),
  'ModelArts.2820': entry(
    400,
    'LogPlaceNotFound',
    'Tell the operator that the log file is missing from the data directory.',
  ),
  'ModelArts.2825': entry(400, 'ParamTypeError', 'Send the JSON type that the message names.'),
  'ModelArts.2832': entry(400, 'EngineNeedUpgrade', 'Use a newer engine.'),
  'ModelArts.2836': entry(404, 'PathNotFound', 'See /docs for the paths of this server.'),
  'ModelArts.2840': entry(400, 'UnsupportedFlavor', 'Choose a flavor that the engine and policy can run on.'),
  'ModelArts.2842': entry(
    400,
    'TrainingExperimentNotFound',
    'List the experiments and use one of their ids.',
  ),
  'ModelArts.2854': entry(
    400,
    'UnsupportedRemoteType',
    'Use remote.obs, or remote.dataset where a registry exists.',
  ),
  'ModelArts.2857': entry(400, 'InvalidLocalCodeDir', 'Use a directory under /home that is not reserved.'),
  'ModelArts.2858': entry(
    400,
    'UnsupportedOperation',
    'This server cannot do that; see the documentation for what it can.',
  ),
  'ModelArts.2859': entry(400, 'InvalidWorkingDir', 'Use an absolute path.'),
  'ModelArts.2878': entry(409, 'JobStatusChanged', 'Read the job again and decide anew.'),
  'ModelArts.2890': entry(404, 'PoolNotFound', 'Leave pool_id out to use the public pool.'),
  'ModelArts.2950': entry(500, 'InternalError', 'Retry later; tell the operator the request id if it stays.'),
  'ModelArts.2952': entry(500, 'DatabaseError', 'Retry later; tell the operator the request id if it stays.'),
  'ModelArts.2958': entry(
    500,
    'StorageServiceError',
    'Retry later; tell the operator the request id if it stays.',
  ),
  'ModelArts.4104': entry(
    413,
    'BodyTooLarge',
    'Send a JSON body of at most 1 MiB; put data into the object store.',
  ),
  'ModelArts.4107': entry(507, 'StorageFull', 'Free space on the disk of the data directory.'),
  'ModelArts.4404': entry(404, 'ObjectNotFound', 'List the bucket and use a key that exists.'),
  'ModelArts.50004000': entry(400, 'EventsQueryError', 'Correct the query parameter and retry.'),
  'APIGW.0301': entry(
    401,
    'SignatureRejected',
    'Check the key pair, the clock (15 minutes) and that host and x-sdk-date are signed.',
  ),
  'IAM.0400': entry(
    400,
    'BadRequest',
    'Send methods ["password"] with user and scope as the reference shows.',
  ),
  'IAM.0401': entry(401, 'Unauthorized', 'Check user name, domain and password.'),
  'IAM.0403': entry(403, 'Forbidden', 'Ask an administrator to enable the user.'),
  'IAM.0404': entry(404, 'NotFound', 'Use a project or token that exists.'),
} as const satisfies Record<string, ErrorCodeEntry>

/** A code from the table. */
export type ErrorCode = keyof typeof ERROR_CODES

/** Whether a text is a code of the table. */
export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_CODES, code)

/** Whether repeating the same call later can succeed: slow-down and server-side trouble only. */
export const isRetryableStatus = (status: number): boolean => status === 429 || status >= 500
