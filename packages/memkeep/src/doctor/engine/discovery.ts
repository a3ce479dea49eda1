import { sayHello } from '../tls-wire/say-hello.ts'
import { SUITES } from '../tls-wire/suites.ts'
import type { Bounds } from './bounds.ts'
import type { Connector } from './connector.ts'
import { StreamConversation } from './conversation.ts'
import type { Opened } from './opened.ts'
import { printable } from './printable.ts'
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

/** Finds out what a server speaks, by its version in text and in binary, in clear and over TLS, all at once. */
export async function discover(connector: Connector, bounds: Bounds): Promise<Discovery> {
  const overTls = !connector.isUnix
  const [text, binary, tlsText, tlsBinary, hello] = await Promise.all([
    probe(connector.openPlain(), 'text', bounds),
    probe(connector.openPlain(), 'binary', bounds),
    overTls ? probe(connector.openTls(), 'text', bounds) : undefined,
    overTls ? probe(connector.openTls(), 'binary', bounds) : undefined,
    overTls ? sayHello(connector.openPlain(), EVERY_SUITE, bounds) : undefined,
  ])
  const plain = text.answer ?? binary.answer
  const tls = tlsText?.answer ?? tlsBinary?.answer
  const doesTls = tls !== undefined || hello?.kind === 'hello' || hello?.kind === 'alert'
  const odd = [tlsText, tlsBinary, text, binary].find((each) => (each?.received.length ?? 0) > 0)
  return {
    plain,
    tls,
    doesTls,
    foreign: plain === undefined && tls === undefined ? describeForeign(odd?.received, doesTls) : undefined,
  }
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
function describeForeign(received: Buffer | undefined, doesTls: boolean): string | undefined {
  if (received !== undefined) {
    return `It does not answer as memcached does, but with "${printable(received, 60)}": correct the address.`
  }
  return doesTls
    ? undefined
    : 'It takes connections and answers nothing that memcached would: correct the address.'
}
