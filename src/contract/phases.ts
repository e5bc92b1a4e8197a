/** The kinds of training job: the seed's five, then three later ones that are legal filter values only. */
export const JOB_KINDS = [
  'job',
  'hetero_job',
  'autosearch_job',
  'mrs_job',
  'edge_job',
  'federated_pool_job',
  'diag_job',
  'visualization_job',
] as const
export type JobKind = (typeof JOB_KINDS)[number]

/** What a job is doing, in the contract's words. The set is stable. */
export const PHASES = [
  'Creating',
  'Pending',
  'Running',
  'Completed',
  'Failed',
  'Terminating',
  'Terminated',
  'Abnormal',
] as const
/** One of the eight phases. */
export type Phase = (typeof PHASES)[number]

/** Finer states. Clients must not depend on them: the set may grow. */
export const SECONDARY_PHASES = [
  'Creating',
  'Queuing',
  'Running',
  'Completed',
  'Failed',
  'Terminating',
  'Terminated',
  'CreateFailed',
  'TerminatedFailed',
  'Lost',
  'Unknown',
] as const
/** One of the finer states known today. */
export type SecondaryPhase = (typeof SECONDARY_PHASES)[number]

/**
 * Why a job ended: a closed list of our own, kept out of the phase so that reasons can grow while phases stay.
 * Wire: `trainyard.reason`.
 */
export const END_REASONS = [
  'completed',
  'command_failed',
  'preparation_failed',
  'upload_failed',
  'stopped_by_user',
  'time_limit',
  'create_failed',
  'stop_failed',
  'executor_lost',
] as const
export type EndReason = (typeof END_REASONS)[number]

/** Whether a job in this state will not change any more. Abnormal/Unknown may return to Running, so it is not final. */
export const isFinal = (phase: Phase, secondaryPhase: SecondaryPhase): boolean =>
  phase === 'Completed' ||
  phase === 'Failed' ||
  phase === 'Terminated' ||
  (phase === 'Abnormal' && secondaryPhase !== 'Unknown')

/** Whether the terminate call is allowed: Creating, Pending, Running, and Abnormal/Unknown. */
export const isStoppable = (phase: Phase, secondaryPhase: SecondaryPhase): boolean =>
  phase === 'Creating' ||
  phase === 'Pending' ||
  phase === 'Running' ||
  (phase === 'Abnormal' && secondaryPhase === 'Unknown')
