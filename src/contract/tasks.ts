import { type Static, Type } from 'typebox'
import { integer, optional, text } from './fields.ts'

export const ListTasksQuery = Type.Object({
  schedule_count: optional(integer('Only this scheduling, from 1; absent: all.', { minimum: 1 })),
})
/** Which placements of a job are wanted. */
export type ListTasksQuery = Static<typeof ListTasksQuery>

/** Where a task of one scheduling ran. Addresses that are not known are empty. */
export const TaskPlacement = Type.Object(
  {
    task: text('Task id, such as `worker-0`.'),
    ip: text('Address other tasks can reach.'),
    host_ip: text('Address of the node.'),
    schedule_count: integer('Which scheduling it belongs to, from 1.'),
  },
  { $id: 'TaskPlacement', description: 'Where a task ran.' },
)
export type TaskPlacement = Static<typeof TaskPlacement>

/** A bare array, by scheduling and then by task. */
export const ListTasksResponse = Type.Array(TaskPlacement, {
  description: 'Where the tasks ran, by scheduling and then by task.',
})
export type ListTasksResponse = Static<typeof ListTasksResponse>
