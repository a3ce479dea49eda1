import { Keyring, type Keyset } from '@memkeep/encryption'
import { InvalidArgumentError, type Command } from 'commander'
import { NO_COLORS, type Colors } from '../../cli/colors.ts'
import type { CliContext } from '../../cli/context.ts'
import type { RunContext } from '../../cli/definition.ts'
import { parseDuration, writeDuration } from '../../keys/duration.ts'

/** Where the keyset is. */
export interface KeysetOptions {
  readonly file?: string
}

/** What one knows of the services, in milliseconds. */
export interface RotationChoice {
  readonly settle?: number
  readonly longestTtl?: number
}

/** Whether keys are to be printed. */
export interface EnvOption {
  readonly env?: boolean
}

const KEY_FILE = 'MEMKEEP_KEYS_FILE'
const KEYS = 'MEMKEEP_KEYS'

/** Adds `--file`. */
export function addFileOption(command: Command): Command {
  return command.option('-f, --file <path>', `the keyset's file; else the variable ${KEY_FILE} names it`)
}

/** Adds `--env`. */
export function addEnvOption(command: Command): Command {
  return command.option(
    '--env',
    `print the keys themselves, as ${KEYS}=…: secret, and the only thing on standard output`,
  )
}

/** Adds `--settle`, in milliseconds. */
export function addSettleOption(command: Command): Command {
  return command.option(
    '--settle <duration>',
    'how long a keyset takes to reach every process: 15m, 1h (default: 1h)',
    duration,
  )
}

/** `--settle` as it was written, for the command line that comes next. */
export function settleArgument({ settle }: RotationChoice): readonly string[] {
  return settle === undefined ? [] : ['--settle', writeDuration(settle)]
}

/** Adds `--longest-ttl`, in milliseconds. */
export function addTtlOption(command: Command): Command {
  return command.option('--longest-ttl <duration>', 'how long a value lives at most: 1h, 7d', duration)
}

/** The path of the keyset's file. @throws TypeError when there is none */
export function pathOf({ file }: KeysetOptions, context: CliContext): string {
  const path = givenPath(file, context)
  if (path !== undefined) return path
  throw new TypeError(`name the keyset's file: --file keys.json, or the variable ${KEY_FILE}`)
}

/** The path of the keyset's file; undefined when none is named. */
export function givenPath(file: string | undefined, { env }: CliContext): string | undefined {
  return [file, env[KEY_FILE]].find((path) => path !== undefined && path !== '')
}

/**
 * The keys to go by: of the file, or else of `MEMKEEP_KEYS`; undefined where there are neither.
 *
 * @throws MemkeepError `ERR_MEMKEEP_KEYS_UNAVAILABLE`, `ERR_MEMKEEP_INVALID_KEYRING`
 */
export function keyringOf({ file }: KeysetOptions, context: CliContext): Keyring | undefined {
  const path = givenPath(file, context)
  if (path !== undefined) return Keyring.fromFile(path, { watchInterval: 0 })
  if ((context.env[KEYS] ?? '').trim() === '') return undefined
  return Keyring.fromEnv(KEYS, context.env)
}

/** The same, where there must be some. @throws TypeError also when there are none */
export function requireKeyring(options: KeysetOptions, context: CliContext): Keyring {
  const keyring = keyringOf(options, context)
  if (keyring !== undefined) return keyring
  throw new TypeError(`name the keys: --file keys.json, or one of the variables ${KEY_FILE} and ${KEYS}`)
}

/**
 * Tells a result: for people on standard output, or, where they asked for the keys there, on standard error.
 *
 * @param value for machines; the keys are added to it where they were asked for
 */
export function tell(
  context: RunContext,
  { env }: EnvOption,
  keyset: Keyset,
  value: object,
  text: (colors: Colors) => string,
): void {
  const { output, stdout } = context
  if (env !== true) {
    output.result(value, text)
    return
  }
  const keys = `${KEYS}=${Keyring.fromKeyset(keyset).exportText()}`
  output.note(text(NO_COLORS))
  if (stdout.isTTY === true) {
    output.note(
      'These are the keys themselves: whoever sees them reads and forges every value. Clear this screen.',
    )
  }
  output.result({ ...value, env: keys }, () => keys)
}

function duration(text: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}
