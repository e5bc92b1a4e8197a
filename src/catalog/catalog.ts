import type { ListEnginesResponse } from '../contract/engine.ts'
import type { FlavorType, ListFlavorsResponse } from '../contract/flavor.ts'
import type { Engine } from './engine.ts'
import { type Flavor, toFlavorResponse } from './flavors.ts'

/** How a job names an engine. */
export interface EngineName {
  readonly engine_id?: string
  readonly engine_name?: string
  readonly engine_version?: string
}

/** The engines and flavors of this server. */
export class Catalog {
  #engines: readonly Engine[]
  readonly #flavors: readonly Flavor[]

  constructor(engines: readonly Engine[], flavors: readonly Flavor[]) {
    this.#engines = engines
    this.#flavors = flavors
  }

  /** Replaces the engines: finding them takes longer than all else of a start. */
  offerEngines(engines: readonly Engine[]): void {
    this.#engines = engines
  }

  listEngines(): ListEnginesResponse {
    return { total: this.#engines.length, items: this.#engines.map(({ item }) => item) }
  }

  /** The flavors of one type, or all. */
  listFlavors(type?: FlavorType): ListFlavorsResponse {
    const flavors = this.#flavors.filter((flavor) => type === undefined || flavor.type === type)
    return { total_count: flavors.length, flavors: flavors.map(toFlavorResponse) }
  }

  /** The engine with this id, or else with this name and version. */
  findEngine(name: EngineName): Engine | undefined {
    if (name.engine_id) return this.#engines.find(({ item }) => item.engine_id === name.engine_id)
    return this.#engines.find(
      ({ item }) => item.engine_name === name.engine_name && item.engine_version === name.engine_version,
    )
  }

  findFlavor(id: string): Flavor | undefined {
    return this.#flavors.find((flavor) => flavor.id === id)
  }
}
