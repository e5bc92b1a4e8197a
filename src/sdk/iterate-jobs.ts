import { MAX_LIMIT } from '../contract/limits.ts'
import type { SearchRequest, SearchResponse } from '../contract/search.ts'
import type { TrainingJob as JobResponse } from '../contract/training-job.ts'
import { OPERATIONS } from './operations.ts'
import type { CallOptions } from './request.ts'
import type { Sender } from './sender.ts'

/** A page of a walk through the list. */
export interface JobPage {
  /** The answer as it came. */
  readonly page: SearchResponse
  /** Its jobs that no earlier page had. */
  readonly fresh: JobResponse[]
}

/**
 * Walks through the pages of a search. `offset` says where to begin, `limit` how much to ask for at once (default 50).
 *
 * The list may change meanwhile: a job that moves to a later page is given once. One that moves to an earlier page
 * is missed; sort by `create_time` in order `asc` to rule that out. Remembers the id of each job given.
 */
export async function* iteratePages(
  session: Sender,
  query: SearchRequest = {},
  options: CallOptions = {},
): AsyncGenerator<JobPage> {
  const seen = new Set<string>()
  let offset = query.offset ?? 0
  for (;;) {
    const body = { ...query, offset, limit: query.limit ?? MAX_LIMIT }
    const page = await session.send(OPERATIONS.listTrainingJobs, { body, ...options })
    const fresh = page.items.filter(({ metadata }) => !seen.has(metadata.id) && seen.add(metadata.id))
    yield { page, fresh }
    offset += page.items.length
    if (page.items.length === 0 || offset >= page.count) return
  }
}

/** Gives every job of a search once, page after page. See `iteratePages` for what happens when the list changes. */
export async function* iterateJobs(
  session: Sender,
  query: SearchRequest = {},
  options: CallOptions = {},
): AsyncGenerator<JobResponse> {
  for await (const { fresh } of iteratePages(session, query, options)) yield* fresh
}
