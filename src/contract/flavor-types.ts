// Apart from the schemas: the command line needs these words at every start.

export const FLAVOR_TYPES = ['CPU', 'GPU', 'Ascend'] as const
/** Kind of processor that a flavor is about. */
export type FlavorType = (typeof FLAVOR_TYPES)[number]
