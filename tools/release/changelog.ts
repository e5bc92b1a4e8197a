const KINDS = ['patch', 'minor', 'major'] as const

/** Which part of a version a release raises. */
export type ReleaseKind = (typeof KINDS)[number]

const UNRELEASED = '## Unreleased'

/** The kind of release that a command line asks for; undefined unless it is exactly one. */
export const parseKind = (args: readonly string[]): ReleaseKind | undefined =>
  args.length === 1 ? KINDS.find((kind) => kind === args[0]) : undefined

/** The version after a release. */
export const nextVersion = (version: string, kind: ReleaseKind): string => {
  const [, major, minor, patch] = (/^(\d+)\.(\d+)\.(\d+)$/.exec(version) ?? []).map(Number)
  if (major === undefined || minor === undefined || patch === undefined) {
    throw new Error(`${version} is not a version of three numbers`)
  }
  if (kind === 'major') return `${major + 1}.0.0`
  return kind === 'minor' ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`
}

/** The text below a heading, up to the next one of its rank. */
const sectionOf = (changelog: string, heading: string): string | undefined => {
  const lines = changelog.split('\n')
  const begin = lines.indexOf(heading)
  if (begin < 0) return undefined
  const rest = lines.slice(begin + 1)
  const end = rest.findIndex((line) => line.startsWith('## '))
  return rest
    .slice(0, end < 0 ? undefined : end)
    .join('\n')
    .trim()
}

/** Moves what is unreleased below a heading with version and date (YYYY-MM-DD); an empty place is left for the next. */
export const stampChangelog = (changelog: string, version: string, date: string): string => {
  const section = sectionOf(changelog, UNRELEASED)
  if (section === undefined) throw new Error(`the changelog has no heading "${UNRELEASED}"`)
  if (!/^- /m.test(section)) throw new Error('nothing is unreleased: the changelog has no line to release')
  return changelog.replace(`${UNRELEASED}\n`, `${UNRELEASED}\n\n## ${version} - ${date}\n`)
}

/** What the changelog says of a version. */
export const releaseNotes = (changelog: string, version: string): string => {
  const heading = changelog.split('\n').find((line) => line.startsWith(`## ${version} - `))
  return (heading && sectionOf(changelog, heading)) ?? ''
}
