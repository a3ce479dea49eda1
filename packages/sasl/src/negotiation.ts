import { MemkeepError } from '@memkeep/core'
import { insecureChannel } from './insecure-channel.ts'
import { MECHANISMS, type MechanismName } from './mechanisms/mechanism.ts'

/** Taken without being named. */
const DEFAULT: readonly MechanismName[] = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN']
/** They show the password to whoever reads the channel, or what it can be guessed from as fast as MD5 is. */
const NEED_A_SAFE_CHANNEL: ReadonlySet<MechanismName> = new Set(['PLAIN', 'CRAM-MD5'])

/** What a choice goes by. */
export interface Preferences {
  /** The server as the user wrote it, for messages. */
  readonly server: string
  /** Which mechanisms may be taken; undefined for those that are taken without being named. */
  readonly mechanisms: readonly MechanismName[] | undefined
  /** None weaker than this one. */
  readonly minimumStrength: MechanismName | undefined
  /** Whether a password may be said on the channel. */
  readonly passwordSafe: boolean
}

/**
 * The mechanisms that may be taken here, strongest first.
 *
 * @throws MemkeepError `ERR_MEMKEEP_AUTH_INSECURE_CHANNEL` when the channel leaves none
 */
export function acceptable(preferences: Preferences): readonly MechanismName[] {
  const { passwordSafe, server } = preferences
  const wanted = strongEnough(preferences)
  const left = wanted.filter((name) => passwordSafe || !NEED_A_SAFE_CHANNEL.has(name))
  if (left.length === 0) throw insecure(server)
  return left
}

/**
 * The strongest mechanism that both sides know.
 *
 * @param offered what the server lists
 * @throws MemkeepError `ERR_MEMKEEP_AUTH_INSECURE_CHANNEL` when the server offers those alone that need a channel
 * which others cannot read, `ERR_MEMKEEP_AUTH_MECHANISM_TOO_WEAK` when it offers nothing as strong as is demanded,
 * `ERR_MEMKEEP_AUTH_MECHANISM_UNAVAILABLE` when it offers nothing that is known here and wanted
 */
export function choose(preferences: Preferences, offered: readonly string[]): MechanismName {
  const { server, minimumStrength } = preferences
  const isOffered = (name: MechanismName): boolean => offered.includes(name)
  const choice = acceptable(preferences).find(isOffered)
  if (choice !== undefined) return choice
  const list = offered.join(', ') || 'nothing'
  const wanted = strongEnough(preferences)
  if (wanted.some(isOffered)) throw insecure(server)
  if (minimumStrength !== undefined && allowed(preferences).some(isOffered)) {
    throw new MemkeepError(
      'ERR_MEMKEEP_AUTH_MECHANISM_TOO_WEAK',
      `${server} offers no SASL mechanism as strong as ${minimumStrength} (it offers ${list}): add one to mech_list in its SASL configuration; if it had one before, somebody may have taken it away.`,
    )
  }
  throw new MemkeepError(
    'ERR_MEMKEEP_AUTH_MECHANISM_UNAVAILABLE',
    `${server} offers none of ${wanted.join(', ')} (it offers ${list}): add one to mech_list in its SASL configuration, and install its module.`,
  )
}

function allowed({ mechanisms = DEFAULT }: Preferences): readonly MechanismName[] {
  return MECHANISMS.filter((name) => mechanisms.includes(name))
}

function strongEnough(preferences: Preferences): readonly MechanismName[] {
  const { minimumStrength = MECHANISMS.at(-1) } = preferences
  const weakest = MECHANISMS.findIndex((name) => name === minimumStrength)
  return allowed(preferences).filter((name) => MECHANISMS.indexOf(name) <= weakest)
}

function insecure(server: string): MemkeepError {
  return insecureChannel(server, ' have the server offer SCRAM-SHA-256,')
}
