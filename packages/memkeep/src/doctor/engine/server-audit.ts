import { formatEndpoint, type Authenticator, type Endpoint, type Transport } from '@memkeep/core'
import type { Keyring } from '@memkeep/encryption'
import type { CheckContext, Conversation, Settings } from '../check.ts'
import { BOUNDS } from './bounds.ts'
import { Connector } from './connector.ts'
import { StreamConversation } from './conversation.ts'
import { discover, type Discovery } from './discovery.ts'
import { Friend, type FriendOptions } from './friend.ts'
import { isTls } from './is-tls.ts'
import { askStats, askVersion, type VersionAnswer } from './questions.ts'
import { locate } from './target.ts'

/** What a friend brings, and what may be done. */
export interface ServerAuditOptions {
  /** How the user's services reach the server. Default: nothing is done as a friend, or in clear with `auth` alone. */
  readonly transport?: Transport | undefined
  /** How they authenticate. */
  readonly auth?: Authenticator | undefined
  /** The keys to compare with what lies in the cache. */
  readonly keyring?: Keyring | undefined
  /** Whether a marked test key may be written and wrong passwords tried. Default false. */
  readonly active?: boolean | undefined
}

/** A server that is being audited: what its checks are given, and what to do when they are done. */
export interface ServerAudit {
  readonly context: CheckContext
  /** Why the friend was not let in; undefined when it was, or was not tried. */
  readonly refusal: string | undefined
  /** Whether it has shown that it is memcached, to a stranger or to the friend. */
  readonly identified: boolean
  /** Ends every connection that is left. */
  close(): void
}

/** Reaches a server and finds out what it speaks; a string says why it cannot be audited. Never rejects. */
export async function openServerAudit(
  endpoint: Endpoint,
  options: ServerAuditOptions,
  signal: AbortSignal,
): Promise<ServerAudit | string> {
  const located = await locate(endpoint, signal)
  if (located.target === undefined) return located.failure
  const { target, addresses, taken } = located
  const name = expectedName(endpoint, options.transport)
  const connector = new Connector(target, name, BOUNDS, signal)
  const found = await discover(connector, BOUNDS)
  const friend = new Friend(endpoint, friendOptions(options, found), BOUNDS, signal)
  const { transport, keyring, active = false } = options
  const stranger = found.tls ?? found.plain

  async function openAsStranger(): Promise<Conversation | undefined> {
    if (stranger === undefined) return undefined
    const { socket } = await (found.tls === undefined ? connector.openPlain() : connector.openTls())
    return socket === undefined ? undefined : new StreamConversation(socket, BOUNDS)
  }

  async function readSettings(): Promise<Settings | undefined> {
    for (const [toldTo, open, protocol] of [
      ['stranger', openAsStranger, stranger?.protocol],
      ['friend', () => friend.open(), undefined],
    ] as const) {
      const conversation = await open()
      if (conversation === undefined) continue
      const values = await askStats(conversation, protocol ?? friend.protocol, 'settings')
      conversation.close()
      if (values !== undefined) return { toldTo, values }
    }
    return undefined
  }

  const close = (): void => {
    friend.close()
    connector.close()
    taken.destroy()
  }
  const met = stranger?.version === undefined ? await askFriend(friend) : stranger
  if (stranger === undefined && met === undefined && found.foreign !== undefined) {
    close()
    return found.foreign
  }
  let settings: Promise<Settings | undefined> | undefined
  const context: CheckContext = {
    server: formatEndpoint(endpoint),
    endpoint,
    address: 'path' in target ? undefined : target.address,
    name,
    addresses,
    speaks: { plain: found.plain !== undefined, tls: found.doesTls },
    strangerProtocol: stranger?.protocol ?? 'none',
    version: met?.version,
    openAsStranger,
    openSocket: () => connector.openPlain(),
    openTls: (tlsOptions) => connector.openTls(tlsOptions),
    hasFriend: friend.exists,
    openAsFriend: () => friend.open(),
    get friendProtocol() {
      return friend.protocol
    },
    friendTransport: transport,
    readSettings: () => (settings ??= readSettings()),
    keyring,
    active,
    signal,
  }
  return {
    context,
    get refusal() {
      return friend.refusal
    },
    identified: stranger !== undefined || met !== undefined,
    close,
  }
}

/** The name that a friend expects in the certificate, which a stranger then looks for too. */
function expectedName(endpoint: Endpoint, transport: Transport | undefined): string | undefined {
  if ('path' in endpoint) return undefined
  const servername = transport !== undefined && isTls(transport) ? transport.describe().servername : undefined
  return servername ?? endpoint.host
}

/** What the friend gets in with at a server that speaks like this. */
function friendOptions(
  { transport, auth }: ServerAuditOptions,
  { plain, tls, doesTls }: Discovery,
): FriendOptions {
  const seen = (tls ?? plain)?.protocol
  return {
    transport,
    auth,
    protocols: seen === undefined ? ['text', 'binary'] : [seen],
    ...(auth !== undefined &&
      transport === undefined &&
      plain === undefined &&
      doesTls && { hopeless: 'It speaks TLS alone: say how to trust it, by --ca or --tls.' }),
  }
}

/** The version that a friend is told; undefined where the friend is not let in, or it is not told. */
async function askFriend(friend: Friend): Promise<VersionAnswer | undefined> {
  const conversation = await friend.open()
  if (conversation === undefined) return undefined
  const { answer } = await askVersion(conversation, friend.protocol)
  conversation.close()
  return answer
}
