import { formatEndpoint, MemkeepError, type Authenticator } from '@memkeep/core'
import { converse, listMechanisms } from './conversation.ts'
import { external } from './mechanisms/external.ts'

/**
 * SASL EXTERNAL (RFC 4422, appendix A): no password, the server knows us by the client certificate of mutual TLS. For
 * servers or proxies that offer it; memcached with Debian's Cyrus SASL does not.
 *
 * `authenticate` rejects with a MemkeepError: `ERR_MEMKEEP_AUTH_INSECURE_CHANNEL`, `_NOT_REQUIRED`,
 * `_MECHANISM_UNAVAILABLE`, `_REJECTED`.
 */
export function saslExternal(): Authenticator {
  return {
    name: 'sasl-external',
    protocol: 'binary',
    async authenticate(channel, { endpoint, passwordSafe, signal }) {
      const server = formatEndpoint(endpoint)
      if (!passwordSafe) {
        throw new MemkeepError(
          'ERR_MEMKEEP_AUTH_INSECURE_CHANNEL',
          `${server} cannot know us by a channel that others can change: hand in transport: tls({ ca, cert, key }).`,
        )
      }
      const offered = await listMechanisms(channel, server, signal)
      if (!offered.includes('EXTERNAL')) {
        throw new MemkeepError(
          'ERR_MEMKEEP_AUTH_MECHANISM_UNAVAILABLE',
          `${server} does not offer SASL EXTERNAL (it offers ${offered.join(', ') || 'nothing'}): use sasl({ username, password }).`,
        )
      }
      await converse(channel, external(), server, signal)
    },
  }
}
