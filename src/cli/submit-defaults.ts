import type { JobEngine } from '../contract/engine.ts'
import { type CreateTrainingJobRequest, Estimator, type Session, TrainyardError } from '../sdk/node/index.ts'
import type { SubmitOptions } from './submit-options.ts'
import { chooseEngine, newestPython, smallestCpuFlavor } from './submit-request.ts'

const nothingToRun = (): TrainyardError =>
  new TrainyardError('invalid_argument', 'Nothing to run is given.', {
    solution: 'Give --code-dir and --boot-file, or --command, or --file. See: trainyard submit --help',
  })

const resolveEngine = async (
  session: Session,
  request: CreateTrainingJobRequest,
  { engine, image }: SubmitOptions,
): Promise<JobEngine | undefined> => {
  const algorithm = request.algorithm
  if (image !== undefined && algorithm?.command === undefined) {
    throw new TrainyardError('invalid_argument', '--image needs --command: what to run in the container.')
  }
  if (image !== undefined && engine === undefined) return { image_url: image }
  if (engine !== undefined) {
    const chosen = chooseEngine(await Estimator.getEngines({ session }), engine)
    if (image === undefined) return { engine_id: chosen.engine_id }
    return { engine_name: chosen.engine_name, engine_version: chosen.engine_version, image_url: image }
  }
  if (algorithm?.engine ?? algorithm?.id ?? algorithm?.subscription_id) return algorithm?.engine
  if (algorithm?.command !== undefined && algorithm.boot_file === undefined) return { engine_id: 'command' }
  if (algorithm?.code_dir === undefined && algorithm?.boot_file === undefined) throw nothingToRun()
  const python = newestPython(await Estimator.getEngines({ session }))
  if (python === undefined) {
    throw new TrainyardError(
      'invalid_argument',
      'This server has no Python engine: name one with --engine.',
      {
        solution: 'List them: trainyard engines',
      },
    )
  }
  return { engine_id: python.engine_id }
}

/** Fills in engine and flavor where the request names none. Jobs of several roles are left as they are. */
export const withDefaults = async (
  session: Session,
  request: CreateTrainingJobRequest,
  options: SubmitOptions,
): Promise<CreateTrainingJobRequest> => {
  if (request.tasks !== undefined) return request
  const engine = await resolveEngine(session, request, options)
  const resource = request.spec?.resource
  const needsFlavor = !resource?.flavor_id && !resource?.pool_id
  const flavor = needsFlavor
    ? smallestCpuFlavor(await Estimator.getFlavors({ session, flavorType: 'CPU' }))
    : undefined
  return {
    ...request,
    algorithm: { ...request.algorithm, ...(engine === undefined ? {} : { engine }) },
    spec: {
      ...request.spec,
      resource: { ...resource, ...(flavor?.flavor_id === undefined ? {} : { flavor_id: flavor.flavor_id }) },
    },
  }
}
