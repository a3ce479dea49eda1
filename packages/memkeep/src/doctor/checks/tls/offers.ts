import type { CheckContext } from '../../check.ts'
import { BOUNDS } from '../../engine/bounds.ts'
import { serverNameOf } from '../../engine/connector.ts'
import { sayHello } from '../../tls-wire/say-hello.ts'
import { alertName } from '../../tls-wire/server-answer.ts'
import { isTls13Suite, SUITES, suiteName } from '../../tls-wire/suites.ts'
import { TLS_VERSIONS, versionName, type TlsVersion } from '../../tls-wire/versions.ts'
import { weaknessOf } from './suite-weakness.ts'

/** Every suite; a server that goes by the client's liking chooses the good ones first. */
const BEST_FIRST: readonly number[] = [...SUITES.keys()].sort((one, other) => rank(one) - rank(other))

/** Ways of refusing without a word. */
const BREAKS_OFF: ReadonlySet<string> = new Set(['closed', 'ECONNRESET', 'EPIPE'])

/** What a server accepts of one version of TLS. */
export interface Offer {
  readonly version: TlsVersion
  /** Undefined where nothing can be said of it. */
  readonly accepted: boolean | undefined
  /** The cipher suites that it accepts, the good ones first. */
  readonly suites: readonly number[]
  /** What came to the first offer, in words. */
  readonly answer: string
  /** Why other suites may be accepted too; undefined when every one was tried. */
  readonly incomplete: string | undefined
}

/** Tries every version, all at once, and every cipher suite of each. */
export function tryOffers(context: CheckContext): Promise<readonly Offer[]> {
  return Promise.all(TLS_VERSIONS.map((version) => tryVersion(context, version)))
}

/**
 * Offers every suite, then those that are left after what the server chose, until it refuses: so each is known to be
 * accepted or not, by as many connections as it accepts suites.
 */
async function tryVersion(context: CheckContext, version: TlsVersion): Promise<Offer> {
  const left = new Set(BEST_FIRST.filter((suite) => isTls13Suite(suite) === (version.name === 'TLS 1.3')))
  const suites: number[] = []
  let first: string | undefined
  const conclude = (accepted: boolean | undefined, answer: string, incomplete?: string): Offer => ({
    version,
    accepted: suites.length > 0 ? true : accepted,
    suites,
    answer: first ?? answer,
    incomplete: suites.length > 0 ? incomplete : undefined,
  })
  while (left.size > 0) {
    const answer = await sayHello(
      context.openSocket(),
      { version: version.code, suites: [...left], ...serverNameOf(context.name) },
      BOUNDS,
    )
    if (answer.kind === 'alert') return conclude(false, `alert ${alertName(answer.alert)}`)
    if (answer.kind === 'none' && BREAKS_OFF.has(answer.failure)) return conclude(false, answer.failure)
    if (answer.kind !== 'hello') return conclude(undefined, 'no answer', 'some of them were not answered')
    const chosen = `ServerHello ${versionName(answer.version)} ${suiteName(answer.suite)}`
    if (answer.version !== version.code) return conclude(false, chosen)
    if (!left.delete(answer.suite)) return conclude(undefined, chosen, 'it chooses what was not offered')
    first ??= chosen
    suites.push(answer.suite)
  }
  return conclude(true, '')
}

function rank(suite: number): number {
  return weaknessOf(suite) === undefined ? 0 : 1
}
