import { sayHello } from '../tls-wire/say-hello.ts'
import { SUITES } from '../tls-wire/suites.ts'
import type { Bounds } from './bounds.ts'
import type { Connector } from './connector.ts'
import { StreamConversation } from './conversation.ts'
import type { Opened } from './opened.ts'
import { displayBytes, isConnectionLimit } from '@memkeep/core/internal'
import { askVersion, type VersionAnswer } from './questions.ts'

/** What a server shows of itself to a stranger. */
export interface Discovery {
  /** What it answers in clear; undefined where it answers nothing that memcached would. */
  readonly plain: VersionAnswer | undefined
  /** What it answers over TLS, without a client certificate. */
  readonly tls: VersionAnswer | undefined
  /** Whether it does TLS, be it that it then turns a stranger away. */
  readonly doesTls: boolean
  /** What speaks against its being memcached, in words; undefined where it answered, or just turned us away. */
  readonly foreign: string | undefined
}

/**
 * Finds out what a server speaks, by its version in text and in binary: over TLS first, since some do not survive
 * anything else there, then in clear.
 */
export async function discover(connector: Connector, bounds: Bounds): Promise<Discovery> {
  const overTls = connector.isUnix
    ? []
    : await Promise.all([
        probe(connector.openTls(), 'text', bounds),
        probe(connector.openTls(), 'binary', bounds),
      ])
  const tls = overTls.find(({ answer }) => answer !== undefined)?.answer
  if (isFragile(tls?.version)) return { plain: undefined, tls, doesTls: true, foreign: undefined }
  const [text, binary, hello] = await Promise.all([
    probe(connector.openPlain(), 'text', bounds),
    probe(connector.openPlain(), 'binary', bounds),
    connector.isUnix ? undefined : sayHello(connector.openPlain(), EVERY_SUITE, bounds),
  ])
  const plain = text.answer ?? binary.answer
  const doesTls = tls !== undefined || hello?.kind === 'hello' || hello?.kind === 'alert'
  const odd = [...overTls, text, binary].map(({ received }) => received).filter(({ length }) => length > 0)
  return {
    plain,
    tls,
    doesTls,
    foreign: plain === undefined && tls === undefined ? describeForeign(odd, doesTls) : undefined,
  }
}

/** Whether memcached of this version ends for the first bytes on its TLS port that it cannot take (mended in 1.6.31). */
export function isFragile(version: string | undefined): boolean {
  return version === '1.6.30'
}

const EVERY_SUITE = { version: 0x0303, suites: [...SUITES.keys()] }

interface Probe {
  readonly answer: VersionAnswer | undefined
  /** What came, understood or not. */
  readonly received: Buffer
}

async function probe(opening: Promise<Opened>, protocol: 'text' | 'binary', bounds: Bounds): Promise<Probe> {
  const { socket } = await opening
  if (socket === undefined) return { answer: undefined, received: Buffer.alloc(0) }
  const conversation = new StreamConversation(socket, bounds)
  const probed = await askVersion(conversation, protocol)
  conversation.close()
  return probed
}

/** A server that does TLS and then says nothing may want a client certificate first. */
function describeForeign(received: readonly Buffer[], doesTls: boolean): string | undefined {
  if (received.some(isConnectionLimit)) {
    return 'It has no connection left ("ERROR Too many open connections"): raise its limit (-c), or have fewer clients connected, and look again.'
  }
  const [first] = received
  if (first !== undefined) {
    return `It does not answer as memcached does, but with "${displayBytes(first, 60)}": correct the address.`
  }
  return doesTls
    ? undefined
    : 'It takes connections and answers nothing that memcached would: correct the address.'
}
