import * as sdk from '../../src/sdk/index.ts'
import { followLines, walkJobs } from './walk.ts'

/** What a page of the tests can reach. */
const page = { ...sdk, followLines, walkJobs }

export type Page = typeof page

;(globalThis as unknown as { page: Page }).page = page
