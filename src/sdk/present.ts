type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Leaves out the fields that are undefined: on the wire, absent and undefined are not the same. */
export const present = <T extends object>(fields: T): Present<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>

/** Like `present`; undefined when nothing is left. */
export const presentOrNothing = <T extends object>(fields: T): Present<T> | undefined => {
  const left = present(fields)
  return Object.keys(left).length === 0 ? undefined : left
}
