import { OPERATIONS } from '../../contract/operations.ts'
import { JsonText, type Routing } from '../routing.ts'
import type { JobsService } from '../services.ts'

/** Create, show, list, describe, stop and delete. */
export const addTrainingJobRoutes = (routing: Routing, jobs: JobsService): void => {
  routing.add(
    OPERATIONS.listTrainingJobs,
    async ({ caller, body }) => new JsonText(await jobs.search(caller, body)),
  )
  routing.add(OPERATIONS.createTrainingJob, async ({ caller, body, query }) => {
    if (query.dry_run !== true) return jobs.create(caller, body)
    return new JsonText(JSON.stringify(await jobs.create(caller, body, { isDryRun: true })), 200)
  })
  routing.add(OPERATIONS.showTrainingJob, ({ caller, params }) => jobs.show(caller, params.training_job_id))
  routing.add(OPERATIONS.listTasks, ({ caller, params, query }) =>
    jobs.listTasks(caller, params.training_job_id, query.schedule_count),
  )
  routing.add(OPERATIONS.updateTrainingJob, async ({ caller, params, body }) => {
    await jobs.updateDescription(caller, params.training_job_id, body.description ?? '')
    return null
  })
  routing.add(OPERATIONS.deleteTrainingJob, async ({ caller, params }) => {
    await jobs.delete(caller, params.training_job_id)
    return ''
  })
  routing.add(OPERATIONS.stopTrainingJob, ({ caller, params }) => jobs.stop(caller, params.training_job_id))
}
