import type { Call } from '../contract/calls.ts'
import type { AnswerOf, BodyOf, PathParameters, QueryOf } from '../contract/operations.ts'
import type { BytesAnswer } from './http.ts'
import type { OperationRequest, SendOptions } from './request.ts'

/** A request of a session: the project is filled in. */
export interface SessionRequest<O extends Call> extends SendOptions {
  readonly params?: Omit<PathParameters<O>, 'project_id'>
  readonly query?: QueryOf<O>
  readonly body?: BodyOf<O>
  readonly content?: OperationRequest<O>['content']
  readonly headers?: OperationRequest<O>['headers']
  /** A refusal with this code counts as success when it answers a repetition: the first try may have worked. */
  readonly goneCode?: string
}

/** Sends operations of one project: what the parts of the SDK need of a session. */
export interface Sender {
  send<O extends Call>(operation: O, request?: SessionRequest<O>): Promise<AnswerOf<O>>
  open<O extends Call>(operation: O, request?: SessionRequest<O>): Promise<BytesAnswer>
}
