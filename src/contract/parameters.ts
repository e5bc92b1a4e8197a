import { type Static, Type } from 'typebox'
import { flag, list, optional, text, texts } from './fields.ts'

export const ParameterConstraint = Type.Object(
  {
    type: optional(text('`String`, `Integer`, `Float` or `Boolean`.')),
    editable: optional(flag('Whether a job may change the value.')),
    required: optional(flag('Whether a value is needed.')),
    sensitive: optional(flag('Whether answers show `******` instead of the value.')),
    valid_type: optional(text('`None`, `Choice` or `Range`.')),
    valid_range: optional(texts('Empty for None; the members of a Choice; low and high of a Range.')),
  },
  { $id: 'ParameterConstraint', description: 'What values a parameter takes.' },
)
export type ParameterConstraint = Static<typeof ParameterConstraint>

export const ParameterI18nDescription = Type.Object(
  {
    language: optional(text('`zh-cn` or `en-us`.')),
    description: optional(text('Description in that language.')),
  },
  { description: 'Description in another language.' },
)

/** One hyperparameter, handed to the program as `--name=value`. */
export const Parameter = Type.Object(
  {
    name: optional(text('Name of the parameter.')),
    value: optional(text('Value, always a string on the wire.')),
    description: optional(text('What the parameter does.')),
    constraint: optional(ParameterConstraint),
    i18n_description: optional(
      Type.Union([ParameterI18nDescription, Type.Null()], {
        description: 'Description in another language, or null.',
      }),
    ),
  },
  { $id: 'Parameter', description: 'A hyperparameter.' },
)
export type Parameter = Static<typeof Parameter>

const RewardAttr = Type.Object(
  {
    name: optional(text('Name of the search metric.')),
    mode: optional(text('`max` or `min`.')),
    regex: optional(text('Expression that finds the value in the log.')),
  },
  { description: 'A search metric.' },
)

const SearchParam = Type.Object(
  {
    name: optional(text('Name of the hyperparameter.')),
    param_type: optional(text('`continuous` or `discrete`.')),
    lower_bound: optional(text('Lower bound of a continuous parameter.')),
    upper_bound: optional(text('Upper bound of a continuous parameter.')),
    discrete_points_num: optional(text('Number of points a continuous parameter is cut into, as a string.')),
    discrete_values: optional(texts('Values of a discrete parameter.')),
  },
  { description: 'A hyperparameter to search over.' },
)

const AutoSearchAlgoConfigParameter = Type.Object(
  {
    key: optional(text('Name of the setting.')),
    value: optional(text('Value of the setting.')),
    type: optional(text('Type of the setting.')),
  },
  { description: 'A setting of a search algorithm.' },
)

const AlgoConfig = Type.Object(
  {
    name: optional(text('Search algorithm, such as `tpe_search`.')),
    params: optional(list(AutoSearchAlgoConfigParameter, 'Settings of the search algorithm.')),
  },
  { description: 'A search algorithm.' },
)

/** `policies.auto_search`: hyperparameter search. */
export const AutoSearch = Type.Object(
  {
    skip_search_params: optional(text('Combinations to leave out.')),
    reward_attrs: optional(list(RewardAttr, 'Search metrics.')),
    search_params: optional(list(SearchParam, 'Hyperparameters to search over.')),
    algo_configs: optional(list(AlgoConfig, 'Search algorithms.')),
  },
  { $id: 'AutoSearch', description: 'A hyperparameter search.' },
)
export type AutoSearch = Static<typeof AutoSearch>

/** `algorithm.policies`; `{}` when no search was asked for. */
export const Policies = Type.Object(
  { auto_search: optional(AutoSearch) },
  { description: 'Policies of the job.' },
)
