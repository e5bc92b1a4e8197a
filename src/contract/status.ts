import { type Static, Type } from 'typebox'
import { integer, list, oneOf, optional, text, texts } from './fields.ts'
import { PHASES, SECONDARY_PHASES } from './phases.ts'

const TaskStatus = Type.Object(
  {
    task: optional(text('Task id, such as `worker-0`.')),
    exit_code: optional(integer('Exit code of the program; 128 + n when killed by signal n.')),
    message: optional(text('What happened.')),
  },
  { description: 'How one task ended.' },
)

const RecoverRecord = Type.Object(
  {
    recover_start_at: optional(integer('Begin of the recovery, epoch s.')),
    recover_end_at: optional(integer('End of the recovery, epoch s.')),
    recover: optional(text('How it was recovered.')),
    fault_scenario: optional(text('What went wrong, such as `node_fault`.')),
    reason: optional(text('Why, in words.')),
    related_task: optional(text('Task at fault.')),
    recover_result: optional(
      text('`recovering`, `success`, `failed`, `downgrade`, `terminated` or `quotaExceeded`.'),
    ),
  },
  { description: 'One recovery inside a run.' },
)

const RunningRecord = Type.Object(
  {
    start_at: optional(integer('Begin of the run, epoch s.')),
    end_at: optional(integer('End of the run, epoch s.')),
    xpu_start_at: optional(integer('When accelerators came into use, epoch s.')),
    start_type: optional(text('`init_or_rescheduled` or `restarted`.')),
    end_reason: optional(text('Why the run ended, free text.')),
    end_related_task: optional(text('Task that ended the run.')),
    end_recover: optional(text('What was done next, such as `job_reschedule`; absent on the last run.')),
    end_recover_before_downgrade: optional(text('What would have been done first.')),
    recover_records: optional(list(RecoverRecord, 'Recoveries inside the run.')),
  },
  { description: 'One run attempt.' },
)

/** Where a task ran. */
export const TaskIp = Type.Object(
  {
    task: optional(text('Task id.')),
    ip: optional(text('Address other tasks can reach.')),
    host_ip: optional(text('Address of the node.')),
    schedule_count: optional(integer('Run attempt, from 1.')),
  },
  { description: 'Where a task ran.' },
)

export type TaskIp = Static<typeof TaskIp>

/** `status` of a job; the server alone writes it. */
export const JobStatus = Type.Object(
  {
    phase: oneOf(PHASES, 'What the job is doing. The set of values is stable.'),
    secondary_phase: oneOf(SECONDARY_PHASES, 'Finer state. The set may grow: do not depend on it.'),
    duration: integer('Run time in ms: 0 before the start, frozen at the end.'),
    node_count_metrics: Type.Union([Type.Array(Type.Array(Type.Integer())), Type.Null()], {
      description: 'Pairs [epoch ms, running nodes], one per change; null before the first.',
    }),
    tasks: texts('Task ids, `worker-0` onwards; fixed at create.'),
    start_time: text('When the job began to run, epoch ms as a string; `"0"` before.'),
    task_statuses: optional(list(TaskStatus, 'The first failed task; absent if none.')),
    running_records: optional(list(RunningRecord, 'One per run attempt, oldest first.')),
    retention_time: optional(integer('Time the resources are kept for.')),
    task_ips: optional(list(TaskIp, 'Where the tasks ran; only in a list call with `host_ips`.')),
  },
  { $id: 'JobStatus', description: 'What happens to the job.' },
)
export type JobStatus = Static<typeof JobStatus>
