import {
  iterateJobs,
  type JobResponse,
  OPERATIONS,
  type Session,
  TrainingJob,
  TrainyardError,
} from '../sdk/node/index.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const ID_PREFIX = /^[0-9a-f]{4,8}$|^[0-9a-f]{8}-[0-9a-f-]{0,26}$/i

/** Jobs looked through for the begin of an id, newest first. */
const MAX_LOOKED_THROUGH = 2_000

/** Characters of an id that lists show at least. */
const SHORT_ID = 8

/** The begin of each id, long enough to tell it from the others given. */
export const shortIds = (ids: readonly string[]): ReadonlyMap<string, string> => {
  const all = [...new Set(ids)]
  for (let length = SHORT_ID; length < 36; length += 4) {
    const short = new Map(all.map((id) => [id, id.slice(0, length)]))
    if (new Set(short.values()).size === all.length) return short
  }
  return new Map(all.map((id) => [id, id]))
}

const ambiguous = (reference: string, jobs: readonly JobResponse[]): TrainyardError => {
  const some = jobs.slice(0, 5).map(({ metadata }) => `${metadata.id} (${metadata.name})`)
  return new TrainyardError(
    'invalid_argument',
    `${JSON.stringify(reference)} means several jobs: ${some.join(', ')}.`,
    {
      solution: 'Give more of the id.',
    },
  )
}

const searchByName = (
  session: Session,
  name: string,
  workspace: string | undefined,
): Promise<JobResponse[]> =>
  session
    .send(OPERATIONS.listTrainingJobs, {
      body: {
        limit: 5,
        filters: [{ key: 'name', operator: 'in', value: [name] }],
        ...(workspace === undefined ? {} : { workspace_id: workspace }),
      },
    })
    .then(({ items }) => items)

const searchByPrefix = async (
  session: Session,
  prefix: string,
  workspace: string | undefined,
): Promise<JobResponse[]> => {
  const query = workspace === undefined ? {} : { workspace_id: workspace }
  const found: JobResponse[] = []
  let looked = 0
  for await (const job of iterateJobs(session, query)) {
    looked += 1
    if (job.metadata.id.startsWith(prefix.toLowerCase())) found.push(job)
    if (looked >= MAX_LOOKED_THROUGH) break
  }
  return found
}

/**
 * Finds a job by its UUID, else its exact name, else the begin of its id (4 characters or more, among the newest 2,000).
 * @throws TrainyardError `ModelArts.2775` when there is none, `invalid_argument` when there are several.
 */
export const findJob = async (
  session: Session,
  reference: string,
  workspace: string | undefined,
): Promise<TrainingJob> => {
  if (UUID.test(reference)) return new TrainingJob({ session, jobId: reference.toLowerCase() })
  if (reference.trim() === '') throw new TrainyardError('invalid_argument', 'The name of the job is empty.')
  const named = await searchByName(session, reference, workspace)
  const found =
    named.length > 0 || !ID_PREFIX.test(reference)
      ? named
      : await searchByPrefix(session, reference, workspace)
  const [job] = found
  if (job === undefined) {
    throw new TrainyardError(
      'ModelArts.2775',
      `No job is named ${JSON.stringify(reference)}, and no id begins with it.`,
      { solution: 'List the jobs: trainyard list --all.' },
    )
  }
  if (found.length > 1) throw ambiguous(reference, found)
  return new TrainingJob({ session, jobId: job.metadata.id })
}
