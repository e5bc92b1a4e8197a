/** What can follow a verb. */
export interface VerbWords {
  readonly name: string
  readonly description: string
  readonly takesJobs: boolean
  /** Long options, and the values of those that take one of a list. */
  readonly options: readonly {
    readonly flag: string
    readonly description: string
    readonly values: readonly string[]
  }[]
  /** Fixed words: subcommands, choices. */
  readonly words: readonly string[]
}

/** Newest jobs that are offered. */
const JOBS = 50

/** One line, for scripts and one-line descriptions. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const flagsOf = ({ options }: VerbWords): string => options.map(({ flag }) => flag).join(' ')

/** Options that take one of a list, as arms of a `case`. */
const valueArms = (verbs: readonly VerbWords[], arm: (key: string, values: string) => string): string =>
  verbs
    .flatMap(({ name, options }) =>
      options
        .filter(({ values }) => values.length > 0)
        .map(({ flag, values }) => arm(`${name}:${flag}`, values.join(' '))),
    )
    .join('\n')

/** Prints the names of the newest jobs, one a line; a server that does not answer costs two seconds at most. */
const jobsFunction = (name: string, program: string): string => `${name}() {
  local -a limit=()
  command -v timeout >/dev/null 2>&1 && limit=(timeout 2)
  "\${limit[@]}" "\${1:-${program}}" list --limit ${JOBS} -o csv --columns name 2>/dev/null </dev/null | tail -n +2 | tr -d '\\r'
}`

/** A script for bash: \`complete -F\`. */
export const bashScript = (program: string, verbs: readonly VerbWords[]): string => {
  const arms = verbs
    .map((verb) => `    ${verb.name}) flags=${quote(flagsOf(verb))}; words=${quote(verb.words.join(' '))} ;;`)
    .join('\n')
  const jobVerbs = verbs.filter(({ takesJobs }) => takesJobs).map(({ name }) => name)
  return `# bash completion for ${program}
${jobsFunction(`__${program}_jobs`, program)}

_${program}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" verb='' flags='' words='' at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in -*) ;; *) verb="\${COMP_WORDS[at]}"; break ;; esac
  done
  if [ -z "$verb" ]; then
    COMPREPLY=($(compgen -W ${quote(`${verbs.map(({ name }) => name).join(' ')} help --help --version`)} -- "$word"))
    return
  fi
  [ "$before" = '-o' ] && before='--format'
  case "$verb:$before" in
${valueArms(verbs, (key, values) => `    ${key}) COMPREPLY=($(compgen -W ${quote(values)} -- "$word")); return ;;`)}
  esac
  case "$verb" in
${arms}
  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$flags --help" -- "$word")); return ;;
  esac
  case "$verb" in
    ${jobVerbs.join('|')}) words="$words $(__${program}_jobs "\${COMP_WORDS[0]}")" ;;
    cp|ls|rm|submit) compopt -o default 2>/dev/null ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}

complete -F _${program} ${program}
`
}

const zshDescribe = (words: readonly (readonly [string, string])[]): string =>
  words.map(([word, about]) => quote(`${word.replaceAll(':', '\\:')}:${about}`)).join(' ')

/** A script for zsh: a function of \`fpath\`, or to be sourced. */
export const zshScript = (program: string, verbs: readonly VerbWords[]): string => {
  const arms = verbs
    .map((verb) => {
      const flags = zshDescribe(verb.options.map(({ flag, description }) => [flag, description]))
      return `    ${verb.name}) flags=(${flags}); extras=(${verb.words.map(quote).join(' ')}) ;;`
    })
    .join('\n')
  const jobVerbs = verbs.filter(({ takesJobs }) => takesJobs).map(({ name }) => name)
  return `#compdef ${program}
# zsh completion for ${program}
${jobsFunction(`__${program}_jobs`, program)}

_${program}() {
  local -a verbs flags extras jobs
  local verb='' before="\${words[CURRENT-1]}" at
  for ((at = 2; at < CURRENT; at++)); do
    case "\${words[at]}" in -*) ;; *) verb="\${words[at]}"; break ;; esac
  done
  if [[ -z "$verb" ]]; then
    verbs=(${zshDescribe(verbs.map(({ name, description }) => [name, description]))})
    _describe 'verb' verbs
    return
  fi
  [[ "$before" = '-o' ]] && before='--format'
  case "$verb:$before" in
${valueArms(verbs, (key, values) => `    ${key}) compadd -- ${values}; return ;;`)}
  esac
  case "$verb" in
${arms}
  esac
  if [[ "\${words[CURRENT]}" = -* ]]; then
    _describe 'option' flags
    return
  fi
  case "$verb" in
    ${jobVerbs.join('|')}) jobs=("\${(@f)$(__${program}_jobs "\${words[1]}")}"); compadd -a jobs ;;
    cp|ls|rm|submit) _files ;;
  esac
  (( \${#extras} )) && compadd -a extras
}

if [ "$funcstack[1]" = '_${program}' ]; then _${program} "$@"; else compdef _${program} ${program}; fi
`
}

/** A script for fish. */
export const fishScript = (program: string, verbs: readonly VerbWords[]): string => {
  const lines = verbs.flatMap((verb) => {
    const isVerb = quote(`__fish_seen_subcommand_from ${verb.name}`)
    return [
      `complete -c ${program} -n __fish_use_subcommand -f -a ${verb.name} -d ${quote(verb.description)}`,
      ...verb.options.map(({ flag, description, values }) => {
        const choice = values.length === 0 ? '' : ` -x -a ${quote(values.join(' '))}`
        return `complete -c ${program} -n ${isVerb} -l ${flag.slice(2)} -d ${quote(description)}${choice}`
      }),
      ...(verb.words.length === 0
        ? []
        : [`complete -c ${program} -n ${isVerb} -f -a ${quote(verb.words.join(' '))}`]),
      ...(verb.takesJobs ? [`complete -c ${program} -n ${isVerb} -f -a '(__${program}_jobs)'`] : []),
    ]
  })
  return `# fish completion for ${program}
function __${program}_jobs
  ${program} list --limit ${JOBS} -o csv --columns name 2>/dev/null </dev/null | tail -n +2 | string trim
end
${lines.join('\n')}
`
}
