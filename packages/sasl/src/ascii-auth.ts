import { formatEndpoint, MemkeepError, type Authenticator } from '@memkeep/core'
import { exchange, parseLine } from '@memkeep/core/internal'
import {
  assertPasswordSafe,
  invalid,
  readCredentials,
  type AuthOptions,
  type Credentials,
} from './credentials.ts'

/** What a line of the server's authentication file may hold, in bytes. */
const MAX_LINE_BYTES = 255

/**
 * ASCII authentication, for servers started with `-Y` (memcached 1.5.15 and later; `protocol.txt`,
 * "Authentication"). Probes first: on a server that does not ask, the exchange would store the password as a value,
 * so credentials go out only after `CLIENT_ERROR unauthenticated`. Needs a confidential transport, loopback or a
 * Unix socket.
 *
 * `authenticate` rejects with a MemkeepError: `ERR_MEMKEEP_AUTH_INSECURE_CHANNEL` (nothing was sent),
 * `ERR_MEMKEEP_AUTH_NOT_REQUIRED` (the server lets anyone in), `ERR_MEMKEEP_AUTH_REJECTED`.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_CREDENTIALS`, also for names and passwords that this protocol cannot say
 */
export function asciiAuth(options: AuthOptions): Authenticator {
  const credentials = readCredentials('asciiAuth', options)
  assertSayable(credentials)
  return {
    name: 'ascii-auth',
    protocol: 'text',
    async authenticate(channel, context) {
      assertPasswordSafe(context, options)
      const server = formatEndpoint(context.endpoint)
      const probe = await exchange(channel, Buffer.from('version\r\n'), parseLine, context.signal)
      if (probe.startsWith('VERSION ')) {
        throw new MemkeepError(
          'ERR_MEMKEEP_AUTH_NOT_REQUIRED',
          `${server} does not ask for a password, so anyone may use it; none was sent: start memcached with -Y, or leave "auth" out if that is meant.`,
        )
      }
      if (probe !== 'CLIENT_ERROR unauthenticated') throw unexpected(server)
      const request = encodeCredentials(credentials)
      const answer = await exchange(channel, request, parseLine, context.signal).finally(() =>
        request.fill(0),
      )
      if (answer === 'STORED') return
      if (!answer.startsWith('CLIENT_ERROR')) throw unexpected(server)
      throw new MemkeepError(
        'ERR_MEMKEEP_AUTH_REJECTED',
        `${server} refused the user name or password: correct them, or add the line user:password to the server's -Y file and restart it.`,
      )
    },
  }
}

function encodeCredentials({ username, password }: Credentials): Buffer {
  const pair = `${username} ${password.reveal()}`
  return Buffer.from(`set auth 0 0 ${String(Buffer.byteLength(pair))}\r\n${pair}\r\n`)
}

function assertSayable({ username, password }: Credentials): void {
  if (/[\s:]/.test(username))
    throw invalid('asciiAuth', 'the username has a space or colon, which ends it on the wire')
  if (/[\r\n]/.test(password.reveal()))
    throw invalid('asciiAuth', 'the password has a line feed, which ends it on the wire')
  if (Buffer.byteLength(username) + 1 + Buffer.byteLength(password.reveal()) > MAX_LINE_BYTES) {
    throw invalid(
      'asciiAuth',
      `username and password are over ${String(MAX_LINE_BYTES)} bytes together, more than the server's file can hold`,
    )
  }
}

function unexpected(server: string): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_PROTOCOL',
    `${server} did not answer ASCII authentication as memcached does: check that the address is a memcached server started with -Y.`,
  )
}
