import type { Channel } from '@memkeep/core'
import { TextBridge } from './text-bridge.ts'

/**
 * Lets a client that speaks classic text use a server that speaks binary, as every memcached with SASL does: what is
 * written are text commands, what is read are the answers, the same bytes that a text server gives
 * (`protocol.txt`, and memcached's binary protocol).
 *
 * The channel must be open, speak binary, and be used by nobody else. The bridge has also what clients expect of a
 * socket: `setKeepAlive`, `setNoDelay`, `ref`, `unref`. It ends as the channel does, and the channel as it does;
 * a server that does not keep to the protocol destroys it with MemkeepError `ERR_MEMKEEP_PROTOCOL`.
 *
 * ```ts
 * const channel = await openChannel(endpoint, { transport, auth: sasl({ username, password }), signal })
 * const socket = bridgeText(channel)
 * socket.write('get greeting\r\n')
 * ```
 */
export function bridgeText(channel: Channel): Channel {
  return new TextBridge(channel)
}
