import { createHash } from 'node:crypto'
import { MemkeepError, type MemkeepErrorCode } from '@memkeep/core'
import type { Keyring } from './keyring/keyring.ts'

/** What {@link EncryptionLayer.verifyPeers} goes through: a client that has the layer as its middleware. */
export interface CanaryCache {
  get(key: string): Promise<Buffer | undefined>
  /** @param options.ttl seconds */
  set(key: string, value: Buffer, options: { readonly ttl: number }): Promise<unknown>
}

/** What the service that was here last said of its keys. */
export interface Peer {
  readonly primaryId: string
  readonly ids: readonly string[]
}

/** Whether the services that share a cache can read each other. */
export interface PeerReport {
  /** True also when nobody was here before. */
  readonly agreed: boolean
  /** The service that was here last; undefined when there was none, or what it left does not open. */
  readonly peer: Peer | undefined
  /** What does not fit, and what to do; undefined when they agree. */
  readonly problem: string | undefined
}

/** A day: a service that is not started or asked that long has nothing to say. */
const CANARY_SECONDS = 86_400
const NAME = 'memkeep-canary'
const KEY_ID = /^[0-9a-f]{8}$/
/** What a value may be that was stored by a service with other keys, or none. */
const SEALED_OTHERWISE: ReadonlySet<MemkeepErrorCode> = new Set([
  'ERR_MEMKEEP_ENVELOPE_FOREIGN',
  'ERR_MEMKEEP_ENVELOPE_TRUNCATED',
  'ERR_MEMKEEP_ENVELOPE_UNSUPPORTED',
  'ERR_MEMKEEP_ENVELOPE_CONTENT',
  'ERR_MEMKEEP_ENVELOPE_NO_EXPIRY',
  'ERR_MEMKEEP_ALGORITHM_UNAVAILABLE',
  'ERR_MEMKEEP_UNKNOWN_KEY_ID',
  'ERR_MEMKEEP_DECRYPT_FAILED',
])

const NOBODY: PeerReport = { agreed: true, peer: undefined, problem: undefined }

/** The key that services of one context leave word under; it is not hidden as other names may be. */
export function canaryKey(context: string): string {
  if (context === '') return NAME
  return `${NAME}-${createHash('sha256').update(context).digest('hex').slice(0, 16)}`
}

/**
 * Reads what the last service left about its keys, and leaves word of one's own.
 *
 * @param takeFailure why the canary did not open that was read since the last call
 */
export async function verifyPeers(
  cache: CanaryCache,
  key: string,
  keyring: Keyring,
  takeFailure: () => MemkeepError | undefined,
): Promise<PeerReport> {
  const report = await readReport(cache, key, keyring, takeFailure)
  const word: Peer = { primaryId: keyring.primaryId, ids: keyring.ids }
  await cache.set(key, Buffer.from(JSON.stringify(word)), { ttl: CANARY_SECONDS })
  return report
}

async function readReport(
  cache: CanaryCache,
  key: string,
  keyring: Keyring,
  takeFailure: () => MemkeepError | undefined,
): Promise<PeerReport> {
  let word: Buffer | undefined
  try {
    takeFailure()
    word = await cache.get(key)
    // a miss like any other for whoever reads it, but not here
    const failure = word === undefined ? takeFailure() : undefined
    if (failure !== undefined) throw failure
  } catch (error) {
    // a word whose day has passed is none
    if (error instanceof MemkeepError && error.code === 'ERR_MEMKEEP_ENVELOPE_EXPIRED') return NOBODY
    if (!(error instanceof MemkeepError) || !SEALED_OTHERWISE.has(error.code)) throw error
    return { agreed: false, peer: undefined, problem: `What the last service left here: ${error.message}` }
  }
  if (word === undefined) return NOBODY
  const peer = parseWord(word)
  if (peer === undefined) {
    const problem = `What lies under ${key} is not what services leave there: use no key of this name for anything else.`
    return { agreed: false, peer, problem }
  }
  const { primaryId, ids } = keyring
  if (peer.ids.includes(primaryId)) return { agreed: true, peer, problem: undefined }
  const problem = `The service that was here last has the keys ${peer.ids.join(', ')} and cannot read what this one seals with ${primaryId}: distribute ${primaryId} to it, and until then make one of its keys primary here, of ${ids.join(', ')}.`
  return { agreed: false, peer, problem }
}

/** The ids are shown to people: nothing but an id may pass for one. */
function isKeyId(id: unknown): id is string {
  return typeof id === 'string' && KEY_ID.test(id)
}

function parseWord(word: Buffer): Peer | undefined {
  try {
    const { primaryId, ids } = JSON.parse(word.toString()) as { readonly [name in keyof Peer]?: unknown }
    const isValid = isKeyId(primaryId) && Array.isArray(ids) && ids.every(isKeyId) && ids.includes(primaryId)
    return isValid ? { primaryId, ids } : undefined
  } catch {
    return undefined
  }
}
