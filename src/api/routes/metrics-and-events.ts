import { OPERATIONS } from '../../contract/operations.ts'
import type { Routing } from '../routing.ts'
import type { JobsService } from '../services.ts'

/** Resource usage of a task, and what happened to a job. */
export const addMetricsAndEventsRoutes = (routing: Routing, jobs: JobsService): void => {
  routing.add(OPERATIONS.showMetrics, ({ caller, params }) =>
    jobs.showMetrics(caller, params.training_job_id, params.task_id),
  )
  routing.add(OPERATIONS.listEvents, ({ caller, params, query }) =>
    jobs.listEvents(caller, params.training_job_id, query),
  )
}
