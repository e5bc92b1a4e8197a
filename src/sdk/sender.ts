import type { Call } from '../contract/calls.ts'
import type { AnswerOf, BodyOf, PathParameters, QueryOf } from '../contract/operations.ts'
import type { BytesAnswer } from './http.ts'
import type { OperationRequest, SendOptions } from './request.ts'

/** A request of a session: the project is filled in. */
export interface SessionRequest<O extends Call> extends SendOptions {
  /** Parameters of the path, without the project. */
  readonly params?: Omit<PathParameters<O>, 'project_id'>
  /** Parameters of the query. */
  readonly query?: QueryOf<O>
  /** JSON body. */
  readonly body?: BodyOf<O>
  /** Body of an operation that takes raw bytes. */
  readonly content?: OperationRequest<O>['content']
  /** Further headers, lower-case names. */
  readonly headers?: OperationRequest<O>['headers']
  /** A refusal with this code counts as success when it answers a repetition: the first try may have worked. */
  readonly goneCode?: string
}

/** Sends operations of one project: what the parts of the SDK need of a session. */
export interface Sender {
  /** Sends an operation that answers JSON. */
  send<O extends Call>(operation: O, request?: SessionRequest<O>): Promise<AnswerOf<O>>
  /** Sends an operation that answers bytes. Its body must be read or discarded. */
  open<O extends Call>(operation: O, request?: SessionRequest<O>): Promise<BytesAnswer>
}
