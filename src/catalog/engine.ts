import type { EngineItem } from '../contract/engine.ts'

/** An engine of the catalogue: what the API shows, and how a program is started in it. */
export interface Engine {
  readonly item: EngineItem
  /** How a job names its program: a start file for an interpreter, or a command line for the shell. */
  readonly start: { readonly kind: 'boot_file'; readonly interpreter: string } | { readonly kind: 'command' }
}

/** An engine declared by the operator in `trainyard.yaml`. */
export interface DeclaredEngine {
  readonly id: string
  readonly name: string
  readonly version: string
  /** Absolute path of the interpreter. */
  readonly interpreter: string
}

/** Makes the catalogue entry of an engine that starts files with an interpreter. */
export const interpreterEngine = (declared: DeclaredEngine): Engine => ({
  item: engineItem(declared.id, declared.name, declared.version),
  start: { kind: 'boot_file', interpreter: declared.interpreter },
})

/** The engine that runs `algorithm.command` in the shell: any language, no container (an addition of ours). */
export const COMMAND_ENGINE: Engine = {
  item: {
    engine_id: 'command',
    engine_name: 'command',
    engine_version: 'sh',
    v1_compatible: false,
    run_user: '',
    image_info: {},
  },
  start: { kind: 'command' },
}

const engineItem = (id: string, name: string, version: string): EngineItem => ({
  engine_id: id,
  engine_name: name,
  engine_version: version,
  v1_compatible: false,
  run_user: '',
  image_info: {},
})
