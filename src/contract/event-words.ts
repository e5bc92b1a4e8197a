// Apart from the schemas: the command line needs these words at every start.

export const EVENT_LEVELS = ['Info', 'Warning', 'Error'] as const
export type EventLevel = (typeof EVENT_LEVELS)[number]

/** `Job`: the job as a whole; `Task`: one task; `K8S`: the backend, whatever it is. */
export const EVENT_SOURCES = ['K8S', 'Job', 'Task'] as const
export type EventSource = (typeof EVENT_SOURCES)[number]
