import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Logger } from 'pino'
import { createApi } from '../../src/api/server.ts'
import {
  type Asked,
  FakeObjects,
  fakeAccounts,
  fakeCatalog,
  fakeJobs,
  fakeSignIn,
  PROJECT,
} from './fake-services.ts'

/** An API over fakes, with what the fakes were asked. */
export interface TestApi {
  readonly app: FastifyInstance
  readonly asked: Asked
  readonly objects: FakeObjects
  /** Epoch ms of the API's clock; may be set. */
  now: number
  /** File behind log links; may be set. */
  log: string
  /** Sends a request as the administrator unless `headers` say otherwise. */
  send(options: InjectOptions): Promise<LightMyRequestResponse>
}

/** Makes an API over fakes; close `app` when done. */
export const openTestApi = (options: { logger?: Logger } = {}): TestApi => {
  const asked: Asked = []
  const objects = new FakeObjects(asked)
  const api: TestApi = {
    asked,
    objects,
    now: 1_900_000_000_000,
    log: '/nonexistent/log',
    app: createApi({
      jobs: fakeJobs(asked, () => api.log),
      catalog: fakeCatalog,
      accounts: fakeAccounts(asked),
      signIn: fakeSignIn(asked),
      objects,
      linkKey: Buffer.alloc(32, 7),
      version: '1.2.3',
      logger: options.logger ?? false,
      publicUrl: () => 'http://yard.example:8080/',
      clock: () => api.now,
    }),
    send: (request) =>
      api.app.inject({ ...request, headers: { 'x-auth-token': 'admin', ...request.headers } }),
  }
  return api
}

/** Path of a call of the fakes' project. */
export const path = (rest: string): string => `/v2/${PROJECT}${rest}`
