import { Command } from 'commander'
import {
  checkProfileName,
  Estimator,
  type Profile,
  profilesFile,
  readProfiles,
  Session,
  TrainyardError,
  writeProfiles,
} from '../sdk/node/index.ts'
import { type Cli, type ConnectionOptions, sessionOptions } from './cli.ts'
import { printable } from './terminal.ts'

interface LoginOptions extends ConnectionOptions {
  readonly accessKey?: string
  readonly user?: string
  readonly account?: string
  readonly stdin?: boolean
}

/** What is needed to sign in; the secret is on its way to the server or to the file, and nowhere else. */
interface Answers {
  readonly profile: Profile
  readonly secret: string
}

const USUAL_ENDPOINT = 'http://127.0.0.1:8080'
const USUAL_NAME = 'default'

const HELP = `
Asks for what is not given, signs in once, and keeps the profile only when that worked, in ~/.config/trainyard/
(or $XDG_CONFIG_HOME/trainyard/) for your eyes only. It becomes the current one. A secret key is kept; a password never
is: it is asked for at each command, or taken from $TRAINYARD_PASSWORD.

What counts: arguments, --profile, the environment, $TRAINYARD_PROFILE, the current profile, the server started here.

Examples:
  trainyard login
  trainyard login --profile lab --endpoint https://train.example.org
  trainyard login --profile lab --user ada --account acme
  trainyard login --profile robot --access-key AK123 --stdin < secret-key.txt`

const missing = (what: string): TrainyardError =>
  new TrainyardError('invalid_argument', `${what} is missing, and there is nobody to ask.`, {
    solution: 'See: trainyard login --help',
  })

const ask = async (cli: Cli, question: string, initial?: string): Promise<string> => {
  if (!cli.prompt.canAsk) throw missing(question)
  const answer = await cli.prompt.ask(question, initial)
  if (answer === '') throw new TrainyardError('invalid_argument', `${question} is empty.`)
  return answer
}

const askSecret = async (cli: Cli, question: string, fromStdin: boolean): Promise<string> => {
  if (!fromStdin && !cli.prompt.canAsk) throw missing(question)
  const secret = fromStdin ? await cli.prompt.readLine() : await cli.prompt.askHidden(question)
  if (secret === '') throw new TrainyardError('invalid_argument', `${question} is empty.`)
  return secret
}

const askUser = async (cli: Cli, options: LoginOptions, place: Profile): Promise<Answers> => {
  const username = options.user ?? (await ask(cli, 'User'))
  const account = options.account ?? (cli.prompt.canAsk ? await ask(cli, 'Account', username) : username)
  const isPlaced = place.projectId !== undefined || place.regionName !== undefined
  const where = isPlaced ? place : { ...place, regionName: await ask(cli, 'Region, the name of the project') }
  const secret = await askSecret(cli, 'Password', options.stdin === true)
  return { profile: { ...where, account, username }, secret }
}

const askAnswers = async (cli: Cli, options: LoginOptions): Promise<Answers> => {
  const { env } = cli
  const known = options.endpoint ?? env['TRAINYARD_ENDPOINT']
  const endpoint = known || (await ask(cli, 'Server', USUAL_ENDPOINT))
  const place = { endpoint, projectId: options.projectId, regionName: options.region }
  if (options.user !== undefined) return askUser(cli, options, place)
  const given = options.accessKey
  const accessKey =
    given ?? (cli.prompt.canAsk ? await cli.prompt.ask('Access key (none: sign in as a user)') : '')
  if (accessKey === '' && !cli.prompt.canAsk) throw missing('--access-key or --user')
  if (accessKey === '') return askUser(cli, options, place)
  const secret = await askSecret(cli, 'Secret key', options.stdin === true)
  return { profile: { ...place, accessKey, secretKey: secret }, secret }
}

/** Signs in once. Gives the profile with the project that was found. */
const tryOut = async (cli: Cli, { profile, secret }: Answers): Promise<Profile> => {
  const session = new Session({
    ...profile,
    ...(profile.username === undefined ? {} : { password: secret }),
    // Nothing of the environment may stand in for what was typed.
    env: { HOME: cli.env['HOME'], TRAINYARD_DATA: '/dev/null' },
  })
  const projectId = await session.resolveProjectId()
  await Estimator.getFlavors({ session })
  return { ...profile, endpoint: session.endpoint, projectId }
}

/** `trainyard login`. */
export const loginCommand = (cli: Cli): Command =>
  new Command('login')
    .description('sign in to a server, and keep how as a profile')
    .option('--access-key <id>', 'access key; its secret key is asked for')
    .option('--user <name>', 'user; the password is asked for')
    .option('--account <name>', 'account (domain) of the user; default: named like the user')
    .option('--stdin', 'read the secret key or password from stdin instead of asking')
    .addHelpText('after', HELP)
    .action(async (options: LoginOptions, command: Command) => {
      const { profile: named } = sessionOptions(cli, command)
      const name = named ?? (cli.env['TRAINYARD_PROFILE'] || USUAL_NAME)
      checkProfileName(name)
      const warn = (message: string) => cli.terminal.note(`warning: ${message}`)
      // A file that cannot be read is told before anything is typed.
      readProfiles(cli.env, warn)
      const profile = await tryOut(cli, await askAnswers(cli, options))
      const { profiles } = readProfiles(cli.env, () => undefined)
      writeProfiles(cli.env, { current: name, profiles: new Map([...profiles, [name, profile]]) })
      cli.terminal.note(
        `signed in to ${printable(profile.endpoint)}; kept as profile ${name} in ${profilesFile(cli.env)}`,
      )
    })
