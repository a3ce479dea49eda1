import { MemkeepError, parseEndpoints } from '@memkeep/core'
import { SETTINGS, SETTING_NAMES, type Setting, type SettingName, type TextSettings } from './settings.ts'
import { readUri } from './uri.ts'

/** Variables by name, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

const URI = 'MEMKEEP_URI'
/** Memkeep's own variables that are no settings of a cache. */
const OTHERS: readonly string[] = ['MEMKEEP_MEMCACHED', 'MEMKEEP_CHROMIUM']
const KNOWN: readonly string[] = [URI, ...SETTING_NAMES.map((name) => SETTINGS[name].variable)]

/** What hosting services call theirs: MemCachier, Memcached Cloud, and what older add-ons and other clients go by. */
const HOSTED = ['MEMCACHIER', 'MEMCACHEDCLOUD', 'MEMCACHE'] as const

/**
 * Reads `MEMKEEP_URI`, or else what a hosting service has set, and the `MEMKEEP_…` variables that go with it.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT` when no server is named, or what names them is wrong
 * @throws TypeError for a variable that is unknown or empty, and for two that contradict each other
 */
export function readEnvironment(env: Environment): TextSettings {
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('MEMKEEP_') || value === undefined) continue
    if (![...KNOWN, ...OTHERS].includes(name)) {
      throw new TypeError(`The variable ${name} is unknown; there are ${KNOWN.join(', ')}`)
    }
    // one that was meant to be filled would switch its layer off without a word
    if (value.trim() === '') throw new TypeError(`The variable ${name} is empty: unset it, or fill it`)
  }
  const uri = env[URI]
  const { servers, secure, settings } = uri === undefined ? readHosted(env) : named(URI, () => readUri(uri))
  const all = new Map(settings)
  for (const name of SETTING_NAMES) {
    const { variable } = SETTINGS[name]
    const value = env[variable]
    if (value === undefined) continue
    const other = all.get(name)
    if (other !== undefined)
      throw new TypeError(`${variable} and ${other.from} say the same: keep one of them`)
    all.set(name, { value, from: variable })
  }
  return { servers, secure, settings: all }
}

function readHosted(env: Environment): TextSettings {
  const hosts = HOSTED.filter((prefix) => isSet(env[`${prefix}_SERVERS`]))
  const [prefix, another] = hosts
  if (prefix === undefined) {
    throw new MemkeepError(
      'ERR_MEMKEEP_INVALID_ENDPOINT',
      `No server is named: set ${URI}, as memcacheds://cache.example:11211, or hand one to hardening(); ${HOSTED.map((each) => `${each}_SERVERS`).join(', ')} are read too.`,
    )
  }
  if (another !== undefined) {
    throw new TypeError(
      `${prefix}_SERVERS and ${another}_SERVERS both name servers: say which are meant, with ${URI}`,
    )
  }
  const variables = { username: `${prefix}_USERNAME`, password: `${prefix}_PASSWORD` } as const
  const settings = new Map<SettingName, Setting>()
  for (const name of ['username', 'password'] as const) {
    const from = variables[name]
    const value = env[from]
    if (isSet(value)) settings.set(name, { value, from })
  }
  return { servers: readServers(`${prefix}_SERVERS`, env), secure: undefined, settings }
}

function readServers(variable: string, env: Environment): readonly string[] {
  const list = env[variable] ?? ''
  try {
    parseEndpoints(list)
  } catch {
    // credentials may stand before an address there
    throw new MemkeepError(
      'ERR_MEMKEEP_INVALID_ENDPOINT',
      `${variable} holds no list of servers as cache1:11211,cache2:11211: correct it, or set ${URI}.`,
    )
  }
  return [list]
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== ''
}

/** Says in which variable a URI stands that does not hold. */
function named(variable: string, read: () => TextSettings): TextSettings {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const message = `${variable}: ${error.message}`
    throw error instanceof MemkeepError
      ? new MemkeepError(error.code, message, { cause: error })
      : new TypeError(message, { cause: error })
  }
}
