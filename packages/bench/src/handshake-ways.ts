import { tcp, type Endpoint, type Transport } from '@memkeep/core'
import { createPki, startMemcached, type KeyType, type MemcachedServer, type Pki } from '@memkeep/testkit'
import { tls, type TlsTransport } from '@memkeep/tls'

/** The key types that servers, clients and their authority are measured with. */
export const KEY_TYPES: readonly KeyType[] = ['P-256', 'RSA-2048', 'RSA-4096']

/** memcached takes tickets of clients with certificates with its session cache alone. */
const ARGS = ['-o', 'ssl_session_cache']

const POSTURES = [
  { posture: 'tls', name: 'TLS' },
  { posture: 'mutual-tls', name: 'mutual TLS' },
] as const

/** How a connection comes about: without TLS, with a full handshake, or with one that resumes a session. */
export type HandshakeKind = 'none' | 'full' | 'resumed'

/** A transport, and what that of TLS knows of its open connections. */
export type HandshakeTransport = Transport & Partial<Pick<TlsTransport, 'describe' | 'close'>>

/** One way to open a connection to one server. */
export interface HandshakeWay {
  /** What is measured against, such as `mutual TLS, RSA-2048`. */
  readonly server: string
  readonly handshake: HandshakeKind
  readonly endpoint: Endpoint
  /** What the next connection is opened with. */
  readonly nextTransport: () => HandshakeTransport
}

/** Starts the servers, adding each to `started`, which the caller stops; returns the ways to them. */
export async function startWays(
  keyTypes: readonly KeyType[],
  started: MemcachedServer[],
  onProgress: (step: string) => void,
): Promise<readonly HandshakeWay[]> {
  const start = async (...args: Parameters<typeof startMemcached>): Promise<MemcachedServer> => {
    const server = await startMemcached(...args)
    started.push(server)
    return server
  }
  const ways = [plainWay(await start('plain'))]
  const pkis: (readonly [KeyType, Pki])[] = []
  for (const keyType of keyTypes) {
    onProgress(`keys: ${keyType}`)
    pkis.push([keyType, await createPki({ keyType })])
  }
  for (const { posture, name } of POSTURES) {
    for (const [keyType, pki] of pkis) {
      ways.push(...secureWays(`${name}, ${keyType}`, await start(posture, { pki, args: ARGS })))
    }
  }
  return ways
}

function plainWay({ host, port }: MemcachedServer): HandshakeWay {
  const transport = tcp()
  return { server: 'TCP', handshake: 'none', endpoint: { host, port }, nextTransport: () => transport }
}

function secureWays(server: string, { host, port, clientTls }: MemcachedServer): readonly HandshakeWay[] {
  // a transport keeps the tickets of its connections; a new one has none
  const veteran = tls(clientTls)
  return [
    { server, handshake: 'full', endpoint: { host, port }, nextTransport: () => tls(clientTls) },
    { server, handshake: 'resumed', endpoint: { host, port }, nextTransport: () => veteran },
  ]
}
