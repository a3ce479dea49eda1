import { isIP } from 'node:net'
import { connect, type SecureContext } from 'node:tls'
import { formatEndpoint, MemkeepError, tcp, type Channel, type Endpoint, type Transport } from '@memkeep/core'
import { explainTlsError, type HandshakeFacts } from './handshake-errors.ts'
import { assertTlsOptions, loadMaterial, type TlsOptions } from './options.ts'
import { RecordChannel } from './record-channel.ts'

export type { TlsOptions } from './options.ts'

/**
 * The TLS transport (RFC 8446, RFC 5246): verifies chain and host name, speaks TLS 1.2 or later, and does mutual
 * TLS when given `cert` and `key`.
 *
 * `connect` rejects with a MemkeepError: `ERR_MEMKEEP_CONNECT_FAILED`, or one of `ERR_MEMKEEP_TLS_UNKNOWN_CA`,
 * `_HOSTNAME_MISMATCH`, `_CERTIFICATE_EXPIRED`, `_CLIENT_CERTIFICATE_REQUIRED`, `_CLIENT_CERTIFICATE_REJECTED`,
 * `_HANDSHAKE_FAILED`. On TLS 1.3 a refused client certificate shows with the first answer, which `openChannel`
 * waits for.
 *
 * @example
 * const client = new MemcachedClient({ servers: 'cache.example:11211', transport: tls({ ca, cert, key }) })
 * @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL`, when certificates or key do not load
 * @throws TypeError for an unknown option
 */
export function tls(options: TlsOptions = {}): Transport {
  assertTlsOptions(options)
  const secureContext = loadMaterial(options)
  const { servername } = options
  const hasCertificate = options.cert !== undefined
  const wire = tcp()
  return {
    name: 'tls',
    confidential: true,
    async connect(endpoint, { signal }) {
      const name = expectedName(endpoint, servername)
      const socket = await wire.connect(endpoint, { signal })
      return handshake(
        { socket, name, secureContext, hasCertificate, server: formatEndpoint(endpoint) },
        signal,
      )
    },
  }
}

interface Handshake extends Pick<HandshakeFacts, 'server' | 'name' | 'hasCertificate'> {
  readonly socket: Channel
  readonly secureContext: SecureContext
}

function handshake(
  { socket: wire, secureContext, ...facts }: Handshake,
  signal: AbortSignal,
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: wire,
      secureContext,
      host: facts.name,
      // server name indication carries names only (RFC 6066, section 3)
      ...(isIP(facts.name) === 0 && { servername: facts.name }),
      // said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off
      rejectUnauthorized: true,
    })
    const onAbort = (): void => {
      socket.destroy()
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    let protocol: string | null = null
    const explain = (cause: Error | null, accepted: boolean): MemkeepError =>
      explainTlsError(cause, { ...facts, protocol, accepted })
    const onFailure = (cause: Error | null): void => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      reject(explain(cause, false))
    }
    const onClose = (): void => {
      onFailure(null)
    }
    socket.once('error', onFailure).once('close', onClose)
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort)
      protocol = socket.getProtocol()
      const channel = new RecordChannel(socket, explain)
      socket.off('error', onFailure).off('close', onClose)
      resolve(channel)
    })
  })
}

function expectedName(endpoint: Endpoint, servername: string | undefined): string {
  if (servername !== undefined) return servername
  if ('host' in endpoint) return endpoint.host
  throw new MemkeepError(
    'ERR_MEMKEEP_TLS_HOSTNAME_MISMATCH',
    `TLS over the Unix socket ${endpoint.path} has no host name to verify: set "servername" to one that the server's certificate has.`,
  )
}
