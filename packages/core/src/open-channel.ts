import { randomBytes } from 'node:crypto'
import { isPasswordSafe, type Authenticator } from './authenticator.ts'
import { formatEndpoint, type Endpoint } from './endpoint.ts'
import { MemkeepError } from './errors.ts'
import { exchange, parseLine, type ExchangeOptions } from './exchange.ts'
import { encodeBinaryRequest, parseBinaryResponse } from './binary-frame.ts'
import type { Channel, ConnectOptions, Transport } from './transport.ts'

/** Opcode of `Version` (memcached's binary protocol, "Command Opcodes"). */
const VERSION = 0x0b

/** As much of what a server says as a message repeats. */
const MAX_QUOTED = 100
/** Random bytes of a key that nobody stores, so that reading it shows only whether a server answers. */
const PROBED_BYTES = 16
/** What memcached and its proxies answer to a `get` of such a key (`protocol.txt`, "Retrieval command"). */
const GET_REPLY = /^(?:END$|(?:CLIENT_|SERVER_)?ERROR(?: |$))/

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
  /**
   * What a server without an authenticator is asked to show that it accepts the connection. `get` reads a key that no
   * one stores, for proxies that close the connection at `version`. Default `version`.
   */
  readonly probe?: 'version' | 'get' | undefined
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
  {
    transport,
    auth,
    protocol = 'text',
    probe = 'version',
    discovered = false,
    check,
    signal,
    onConnected,
    onRetire,
  }: OpenChannelOptions,
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
    let note = onConnected
    const noteOnce = (): void => {
      note?.()
      note = undefined
    }
    const channel = await transport.connect(endpoint, { signal, onConnected: noteOnce, onRetire })
    // a transport of the user's need not tell
    noteOnce()
    try {
      if (auth === undefined) {
        const command = protocol === 'text' ? probe : 'version'
        silent = `did not answer "${command}": ${protocol === 'text' && probe === 'version' ? OR_SASL : STOPPED}`
        const options = { server, signal }
        if (protocol === 'binary') await probeBinary(channel, options)
        else await (probe === 'get' ? probeGet(channel, options) : probeVersion(channel, options))
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
    if (!signal.aborted && transport.diagnose !== undefined) {
      throw await transport.diagnose(error, endpoint, { signal })
    }
    if (!signal.aborted || error !== signal.reason || !isTimeout(error)) throw error
    throw new MemkeepError('ERR_MEMKEEP_CONNECT_TIMEOUT', `${server} ${silent}.`, { cause: error })
  }
}

async function probeVersion(channel: Channel, options: ExchangeOptions): Promise<void> {
  const { server } = options
  const line = await exchange(channel, Buffer.from('version\r\n'), parseLine, options)
  if (line.startsWith('VERSION ')) return
  refuseUnauthenticated(server, line)
  if (line.startsWith('SERVER_ERROR')) {
    throw new MemkeepError(
      'ERR_MEMKEEP_BACKEND_UNREACHABLE',
      `${server} answered "version" by ${JSON.stringify(line.slice(0, MAX_QUOTED))}: it is a proxy that does not reach its memcached. Check that server, and the network between the two.`,
    )
  }
  throw unlikeMemcached(server, 'version', line)
}

/**
 * Any reply of memcached's but a refusal will do: a `SERVER_ERROR` of a proxy is about one of its servers.
 *
 * @throws MemkeepError `ERR_MEMKEEP_AUTH_REQUIRED`, `ERR_MEMKEEP_PROTOCOL`, and as `exchange`
 */
async function probeGet(channel: Channel, options: ExchangeOptions): Promise<void> {
  const { server } = options
  const request = Buffer.from(`get memkeep-probe-${randomBytes(PROBED_BYTES).toString('hex')}\r\n`)
  const line = await exchange(channel, request, parseLine, options)
  refuseUnauthenticated(server, line)
  if (!GET_REPLY.test(line)) throw unlikeMemcached(server, 'get', line)
}

function unlikeMemcached(server: string, command: string, line: string): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_PROTOCOL',
    `${server} did not answer "${command}" as memcached does (${JSON.stringify(line.slice(0, MAX_QUOTED))}): check that the address is a memcached server.`,
  )
}

/** @throws MemkeepError `ERR_MEMKEEP_AUTH_REQUIRED` */
function refuseUnauthenticated(server: string, line: string): void {
  if (line !== 'CLIENT_ERROR unauthenticated') return
  throw new MemkeepError(
    'ERR_MEMKEEP_AUTH_REQUIRED',
    `${server} demands a password: hand in auth: asciiAuth({ username, password }).`,
  )
}

/** Any answer in the binary protocol will do: a server that demands SASL answers this one to everyone. */
async function probeBinary(channel: Channel, options: ExchangeOptions): Promise<void> {
  await exchange(channel, encodeBinaryRequest({ opcode: VERSION }), parseBinaryResponse, options)
}

/** A server that demands SASL waits for more bytes than those of `version`; at longer ones it closes the connection. */
const OR_SASL =
  'it may be stopped or overloaded, or demand SASL (hand in auth: sasl({ username, password })) or TLS'
const STOPPED = 'check that it is not stopped or overloaded, and the network'

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError'
}
