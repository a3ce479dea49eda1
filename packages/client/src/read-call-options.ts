import { describeInput, quoteName } from '@memkeep/core/internal'
import { readTimeout, type CallOptions } from './call-options.ts'

/** The names of the options that a kind of call has. */
export interface CallKind {
  readonly names: ReadonlySet<string>
  /** What to write instead of a number in the place of the options. */
  readonly instead: string
}

const CALL = ['signal', 'timeout']
const TOUCH = [...CALL, 'ttl', 'expiresAt']
const TTL = 'pass the time to live as { ttl: seconds }'

/** The kinds of calls, by what their options are. */
export const CALLS: Readonly<Record<'call' | 'touch' | 'store' | 'count' | 'flush', CallKind>> = {
  call: { names: new Set(CALL), instead: 'pass { timeout: milliseconds }' },
  touch: { names: new Set(TOUCH), instead: TTL },
  store: { names: new Set([...TOUCH, 'flags']), instead: TTL },
  count: { names: new Set([...TOUCH, 'by', 'initial']), instead: 'pass what to count as { by: number }' },
  flush: { names: new Set([...CALL, 'delay']), instead: 'pass { delay: seconds }' },
}

/** `Object.hasOwn` for a loop over names: V8 answers this one from the loop itself. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is only called with `call`
const { hasOwnProperty } = Object.prototype

/** What other clients call an option, by lower case. */
const KNOWN_AS: ReadonlyMap<string, string> = new Map([
  ...['ttl', 'expires', 'expiry', 'expiration', 'exptime', 'lifetime', 'maxage', 'ex'].map(
    (name) => [name, 'ttl'] as const,
  ),
  ...['amount', 'delta', 'step', 'increment'].map((name) => [name, 'by'] as const),
  ...['default', 'initialvalue'].map((name) => [name, 'initial'] as const),
  ...['abortsignal', 'abort'].map((name) => [name, 'signal'] as const),
  ...['cmdtimeout', 'commandtimeout'].map((name) => [name, 'timeout'] as const),
  ['expireat', 'expiresAt'],
])

/**
 * Checks the options of a call before anything is sent. They are not copied, unless a prototype adds something to
 * them: only their own properties count.
 *
 * @throws TypeError for anything but an object, for an unknown option, and for one of the wrong type; says what to write
 * @throws RangeError for a timeout that no timer takes
 */
export function readCallOptions<T extends CallOptions>(
  method: string,
  options: T | undefined,
  kind: CallKind,
): T | undefined {
  if (options === undefined) return undefined
  if (!isObject(options)) throw noOptions(method, options, kind)
  let inherits = false
  for (const name in options) {
    if (hasOwnProperty.call(options, name)) {
      if (!kind.names.has(name)) throw unknownOption(method, name, kind)
    } else inherits ||= kind.names.has(name)
  }
  const own = inherits ? Object.assign(Object.create(null) as T, options) : options
  if (own.timeout !== undefined) readTimeout(own.timeout)
  if (own.signal !== undefined && !isSignal(own.signal)) {
    throw new TypeError(`${method}: "signal" must be an AbortSignal, not ${describeInput(own.signal)}`)
  }
  return own
}

function isObject(options: unknown): boolean {
  return typeof options === 'object' && options !== null && !Array.isArray(options)
}

/** Of any realm: a test runner has its own. */
function isSignal(signal: unknown): boolean {
  const { aborted, addEventListener } = Object(signal) as { aborted?: unknown; addEventListener?: unknown }
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
}

function noOptions(method: string, given: unknown, { instead }: CallKind): TypeError {
  if (typeof given === 'function') {
    return new TypeError(`${method} takes no callback: it returns a promise, so await it`)
  }
  const advice =
    typeof given === 'number' || typeof given === 'bigint' ? instead : 'leave them out, or pass an object'
  return new TypeError(`${method}: options must be an object, not ${describeInput(given)}: ${advice}`)
}

function unknownOption(method: string, name: string, { names }: CallKind): TypeError {
  const meant = KNOWN_AS.get(name.toLowerCase())
  const advice =
    meant !== undefined && names.has(meant)
      ? `write "${meant}"${meant === 'ttl' ? ', in seconds' : ''}`
      : `it knows ${[...names].join(', ')}`
  return new TypeError(`${method}: unknown option ${quoteName(name)}: ${advice}`)
}
