import type { ParameterRequest } from '../contract/create-training-job.ts'
import type { Parameter, ParameterConstraint } from '../contract/parameters.ts'
import { refusal } from '../contract/trainyard-error.ts'
import { MASK } from '../domain/plan-run.ts'

const NAME = /^[A-Za-z0-9_-]{1,64}$/
const MAX_PARAMETERS = 1_000
const INTEGER = /^[+-]?\d+$/

/** Parameters as answered, and the values that answers mask. */
export interface CheckedParameters {
  readonly parameters: Parameter[]
  readonly secrets: Record<string, string>
}

/** Checks the parameters of a job against one another and their own constraints (contract: algorithms, section 3). */
export const checkParameters = (requests: readonly ParameterRequest[]): CheckedParameters => {
  if (requests.length > MAX_PARAMETERS)
    throw refusal('ModelArts.2816', `At most ${MAX_PARAMETERS} parameters are allowed.`)
  checkNames(requests)
  // Pairs, not an object that grows: a parameter may be called `__proto__`.
  const secrets: [name: string, value: string][] = []
  const parameters: Parameter[] = []
  for (const request of requests) {
    const value = checkedValue(request)
    if (value === undefined) continue
    const sensitive = request.constraint?.sensitive === true
    if (sensitive) secrets.push([request.name, value])
    parameters.push({
      name: request.name,
      value: sensitive ? MASK : value,
      ...(request.description === undefined ? {} : { description: request.description }),
      ...(request.constraint === undefined ? {} : { constraint: request.constraint }),
      ...(request.i18n_description === undefined ? {} : { i18n_description: request.i18n_description }),
    })
  }
  return { parameters, secrets: Object.fromEntries(secrets) }
}

const checkNames = (requests: readonly ParameterRequest[]): void => {
  const names = requests.map(({ name }) => name)
  const bad = names.find((name) => !NAME.test(name))
  if (bad !== undefined) {
    throw refusal(
      'ModelArts.2788',
      `Parameter name ${JSON.stringify(bad.slice(0, 80))} is not 1 to 64 letters, digits, "_" or "-".`,
    )
  }
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw refusal('ModelArts.2767', `Parameter ${repeated} is given twice.`)
}

/** The value as text; undefined leaves the parameter out (an explicit null). */
const checkedValue = (request: ParameterRequest): string | undefined => {
  const { name, value, constraint } = request
  if (value === null || value === undefined) {
    if (constraint?.required) throw refusal('ModelArts.2766', `Parameter ${name} needs a value.`)
    return value === null ? undefined : ''
  }
  const text = String(value)
  if (constraint?.sensitive && text === MASK) {
    throw refusal(
      'ModelArts.2788',
      `Parameter ${name} is sensitive: send its value, not the mask of an answer.`,
    )
  }
  if (constraint) checkConstraint(name, text, constraint)
  return text
}

const isOfType = (value: string, type: string): boolean => {
  switch (type) {
    case 'integer':
      return INTEGER.test(value)
    case 'float':
      return value.trim() !== '' && Number.isFinite(Number(value))
    case 'boolean':
      return ['true', 'false', 'True', 'False'].includes(value)
    default:
      return true
  }
}

const checkConstraint = (name: string, value: string, constraint: ParameterConstraint): void => {
  const type = (constraint.type ?? 'String').toLowerCase()
  const shown = constraint.sensitive ? 'The value' : JSON.stringify(value.slice(0, 80))
  if (!['string', 'integer', 'float', 'boolean'].includes(type)) {
    throw refusal('ModelArts.2788', `Parameter ${name}: the type is not String, Integer, Float or Boolean.`)
  }
  if (!isOfType(value, type))
    throw refusal('ModelArts.2768', `Parameter ${name}: ${shown} is not of type ${constraint.type}.`)
  const kind = (constraint.valid_type ?? 'None').toLowerCase()
  const range = constraint.valid_range ?? []
  if ((kind === 'choice' || kind === 'enum') && !range.includes(value)) {
    throw refusal('ModelArts.2769', `Parameter ${name}: ${shown} is not among its choices.`)
  }
  if (kind === 'range') checkRange(name, value, shown, type, range)
}

const checkRange = (
  name: string,
  value: string,
  shown: string,
  type: string,
  range: readonly string[],
): void => {
  const [low = '', high = ''] = range
  const wellFormed = range.length === 2 && (type === 'integer' || type === 'float')
  const lower = low === '' ? -Infinity : Number(low)
  const upper = high === '' ? Infinity : Number(high)
  if (!wellFormed || Number.isNaN(lower) || Number.isNaN(upper) || lower > upper) {
    throw refusal('ModelArts.2770', `Parameter ${name}: the range is not two numbers, the lower first.`)
  }
  const number = Number(value)
  if (number < lower || number > upper)
    throw refusal('ModelArts.2769', `Parameter ${name}: ${shown} is outside its range.`)
}
