import { OPERATIONS } from '../../contract/operations.ts'
import type { LogLinks } from '../log-links.ts'
import { mediaType } from '../media-type.ts'
import type { Routing } from '../routing.ts'
import type { JobsService } from '../services.ts'

/** Preview of a log, and the link to the whole of it. */
export const addLogRoutes = (
  routing: Routing,
  jobs: JobsService,
  links: LogLinks,
  publicUrl: () => string,
): void => {
  routing.add(OPERATIONS.previewLog, ({ caller, params }) =>
    jobs.previewLog(caller, params.training_job_id, params.task_id),
  )
  routing.add(OPERATIONS.linkLog, async ({ caller, params, query, request }) => {
    await jobs.findLog(caller, params.training_job_id, params.task_id)
    const type = mediaType(query['Content-Type'] ?? request.headers['content-type'])
    const log = { projectId: caller.projectId, jobId: params.training_job_id, taskId: params.task_id }
    const link = links.sign(log, type === 'application/octet-stream' ? 'attachment' : 'inline')
    return { obs_url: `${publicUrl().replace(/\/+$/, '')}${link}` }
  })
}
