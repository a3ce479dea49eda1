import { createConnection, type Socket } from 'node:net'
import { formatEndpoint, type Endpoint } from './endpoint.ts'
import { MemkeepError } from './errors.ts'
import { ownProperties, readOwnOptions } from './options.ts'
import type { ConnectOptions, Transport } from './transport.ts'

/** Options of {@link tcp}. */
export interface TcpOptions {
  /** Milliseconds of silence before TCP keep-alive probes start. Default 30,000. */
  readonly keepAliveDelay?: number
}

/**
 * The plain transport: TCP, or a Unix socket. Not confidential: whoever is on the network reads and changes what
 * it carries. Its channel is the socket itself.
 *
 * `connect` rejects with MemkeepError `ERR_MEMKEEP_CONNECT_FAILED`.
 */
export function tcp(options: TcpOptions = {}): Transport {
  const { keepAliveDelay = 30_000 } = readOwnOptions('tcp', options, ['keepAliveDelay'])
  return {
    name: 'tcp',
    confidential: false,
    connect: (endpoint, { signal, onConnected }) =>
      connectSocket(endpoint, { signal, onConnected, keepAliveDelay }),
  }
}

function connectSocket(
  endpoint: Endpoint,
  { signal, onConnected, keepAliveDelay }: ConnectOptions & { readonly keepAliveDelay: number },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const address =
      'path' in endpoint ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port }
    // without a prototype, so that a polluted Object.prototype adds no option
    const socket = createConnection(
      ownProperties('tcp', {
        ...address,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveDelay,
      }),
    )
    const onAbort = (): void => {
      socket.destroy()
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    // stays for the socket's life: a fault between two owners of the channel must not be thrown
    socket.on('error', (error) => {
      signal.removeEventListener('abort', onAbort)
      reject(connectFailed(endpoint, error))
    })
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort)
      onConnected?.()
      resolve(socket)
    })
  })
}

function connectFailed(endpoint: Endpoint, cause: Error & { readonly code?: string }): MemkeepError {
  const server = formatEndpoint(endpoint)
  const advice: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there: start memcached, or correct the port',
    ENOENT: 'there is no such socket: start memcached with -s, or correct the path',
    EACCES: 'this process may not open it: check the permissions of the socket',
    ENOTFOUND: 'the name does not resolve: correct the host, or the DNS',
    EAI_AGAIN: 'the name does not resolve for now: check the DNS',
    EHOSTUNREACH: 'no route leads there: check network and firewall',
    ENETUNREACH: 'no route leads there: check network and firewall',
  }
  const code = cause.code ?? 'unknown error'
  const what = advice[code] ?? 'check that the server runs and can be reached'
  return new MemkeepError('ERR_MEMKEEP_CONNECT_FAILED', `Cannot connect to ${server} (${code}): ${what}.`, {
    cause,
  })
}
