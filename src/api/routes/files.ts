import type { FastifyReply, FastifyRequest } from 'fastify'
import { refusal } from '../../contract/trainyard-error.ts'
import { openLog } from '../../jobs/read-log.ts'
import { contentRange, parseRange } from '../byte-range.ts'
import { type Disposition, type LinkedLog, LOG_LINK_PATH, type LogLinks, logFileName } from '../log-links.ts'
import { splitTarget } from '../request-target.ts'
import type { Routing } from '../routing.ts'
import type { JobsService } from '../services.ts'

const setHeaders = (reply: FastifyReply, log: LinkedLog, disposition: Disposition): void => {
  reply.header('Cache-Control', 'no-store')
  reply.header('Accept-Ranges', 'bytes')
  if (disposition === 'attachment') {
    reply.header('Content-Type', 'application/octet-stream')
    reply.header('Content-Disposition', `attachment; filename="${encodeURIComponent(logFileName(log))}"`)
  } else {
    reply.header('Content-Type', 'text/plain; charset=utf-8')
    reply.header('Content-Disposition', 'inline')
  }
}

/** Sends the log as long as it is now; what a running program adds meanwhile is for the next request. */
const sendLog = async (
  path: string,
  log: LinkedLog,
  disposition: Disposition,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  const { handle, sizeBytes } = await openLog(path)
  const range = parseRange(request.headers.range, sizeBytes)
  if (range === 'unsatisfiable') {
    await handle.close()
    reply.header('Content-Range', `bytes */${sizeBytes}`)
    throw refusal('ModelArts.2788', 'The range lies outside the log.', {
      status: 416,
      solution: 'Ask for bytes below the size in Content-Range.',
    })
  }
  setHeaders(reply, log, disposition)
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 }
  if (range) reply.code(206).header('Content-Range', contentRange(range, sizeBytes))
  reply.header('Content-Length', end - start + 1)
  if (request.method === 'HEAD' || end < start) {
    await handle.close()
    return reply.send()
  }
  const content = handle.createReadStream({ start, end })
  content.once('end', () => {
    // Cut to its limit meanwhile: the rest that was announced never comes, and only a broken connection says so.
    if (content.bytesRead <= end - start) reply.raw.destroy()
  })
  return reply.send(content)
}

/** The signed links to logs. They need no sign-in: the signature is the permission. */
export const addFileRoutes = (routing: Routing, jobs: JobsService, links: LogLinks): void => {
  routing.addPlain(['GET', 'HEAD'], LOG_LINK_PATH, async (request, reply) => {
    const params = request.params as Record<'project_id' | 'training_job_id' | 'task_id' | 'name', string>
    const log = { projectId: params.project_id, jobId: params.training_job_id, taskId: params.task_id }
    const query = new URLSearchParams(splitTarget(request.url).query)
    const disposition = links.check(log, params.name, query)
    if (disposition === undefined) {
      throw refusal('ModelArts.0108', 'The link is wrong or has expired.', {
        solution: 'Ask for a new link; it is valid for 5 minutes.',
      })
    }
    const path = await jobs.linkedLog(log.projectId, log.jobId, log.taskId)
    return sendLog(path, log, disposition, request, reply)
  })
}
