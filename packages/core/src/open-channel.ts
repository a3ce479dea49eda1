import { isPasswordSafe, type Authenticator } from './authenticator.ts'
import { formatEndpoint, type Endpoint } from './endpoint.ts'
import { MemkeepError } from './errors.ts'
import { exchange, parseLine } from './exchange.ts'
import { encodeBinaryRequest, parseBinaryResponse } from './binary-frame.ts'
import type { Channel, ConnectOptions, Transport } from './transport.ts'

/** Opcode of `Version` (memcached's binary protocol, "Command Opcodes"). */
const VERSION = 0x0b

/** Options of {@link openChannel}. */
export interface OpenChannelOptions extends ConnectOptions {
  readonly transport: Transport
  readonly auth?: Authenticator | undefined
  /** What to speak when there is no authenticator to tell. Default `text`. */
  readonly protocol?: 'text' | 'binary' | undefined
  /**
   * Whether the endpoint comes from the network, as from a discovery, and not from the user. Loopback is then no
   * reason to send a password in cleartext: any process of this machine may listen there. Default false.
   */
  readonly discovered?: boolean | undefined
  /** What the caller must know of the server before it takes the channel; runs last, under the same deadline. */
  readonly check?: ((channel: Channel, context: ConnectOptions) => Promise<void>) | undefined
}

/**
 * Opens a connection that the server has accepted: transport, then authentication. Without an authenticator it
 * asks for the server's `version`, since only an answer proves that a server took us (on TLS 1.3 a refused
 * client certificate shows after the handshake). Every adapter opens its sockets here.
 *
 * @throws MemkeepError `ERR_MEMKEEP_TLS_REQUIRED` (a `memcacheds://` endpoint, a transport that is not
 * confidential), `ERR_MEMKEEP_AUTH_REQUIRED`, `ERR_MEMKEEP_CONNECT_TIMEOUT` (the signal timed out), and those of
 * the transport, the authenticator and the check
 */
export async function openChannel(
  endpoint: Endpoint,
  { transport, auth, protocol = 'text', discovered = false, check, signal, onRetire }: OpenChannelOptions,
): Promise<Channel> {
  const server = formatEndpoint(endpoint)
  if (endpoint.secure === true && !transport.confidential) {
    throw new MemkeepError(
      'ERR_MEMKEEP_TLS_REQUIRED',
      `${server} is written memcacheds://, which demands TLS, but the transport is ${transport.name}: hand in transport: tls({ ca }), or write memcached://.`,
    )
  }
  let silent = `was not connected to: ${String(auth?.name)} was still waiting for its credentials`
  try {
    await auth?.prepare?.(endpoint, { signal })
    silent = 'did not take the connection: check that it runs and that no firewall drops it'
    const channel = await transport.connect(endpoint, { signal, onRetire })
    try {
      if (auth === undefined) {
        silent =
          'did not answer "version": it may demand SASL (hand in auth: sasl({ username, password })) or TLS'
        await (protocol === 'binary' ? probeBinary(channel, signal) : probeVersion(channel, server, signal))
      } else {
        silent = `did not answer the ${auth.name} exchange: it may not speak the ${auth.protocol} protocol, or demand TLS`
        await auth.authenticate(channel, {
          endpoint,
          passwordSafe: isPasswordSafe(transport, endpoint, channel.remoteAddress, discovered),
          signal,
          onRetire,
        })
      }
      silent = 'stopped answering before its first command: check its load and the network'
      await check?.(channel, { signal })
      return channel
    } catch (error) {
      channel.destroy()
      throw error
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason || !isTimeout(error)) throw error
    throw new MemkeepError('ERR_MEMKEEP_CONNECT_TIMEOUT', `${server} ${silent}.`, { cause: error })
  }
}

async function probeVersion(channel: Channel, server: string, signal: AbortSignal): Promise<void> {
  const line = await exchange(channel, Buffer.from('version\r\n'), parseLine, signal)
  if (line.startsWith('VERSION ')) return
  if (line === 'CLIENT_ERROR unauthenticated') {
    throw new MemkeepError(
      'ERR_MEMKEEP_AUTH_REQUIRED',
      `${server} demands a password: hand in auth: asciiAuth({ username, password }).`,
    )
  }
  throw new MemkeepError(
    'ERR_MEMKEEP_PROTOCOL',
    `${server} did not answer "version" as memcached does: check that the address is a memcached server.`,
  )
}

/** Any answer in the binary protocol will do: a server that demands SASL answers this one to everyone. */
async function probeBinary(channel: Channel, signal: AbortSignal): Promise<void> {
  await exchange(channel, encodeBinaryRequest({ opcode: VERSION }), parseBinaryResponse, signal)
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError'
}
