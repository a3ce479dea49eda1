import { formatEndpoint, MemkeepError, type AuthContext, type Channel } from '@memkeep/core'
import { exchange, parseLine } from '@memkeep/core/internal'
import { readAuthOptions, type AuthOptions } from './auth-options.ts'
import { invalid, type Credentials } from './credentials.ts'
import { insecureChannel } from './insecure-channel.ts'
import { PasswordAuthenticator } from './password-authenticator.ts'

/** What a line of the server's authentication file may hold, in bytes. */
const MAX_LINE_BYTES = 255

/**
 * ASCII authentication, for servers started with `-Y` (memcached 1.5.15 and later; `protocol.txt`,
 * "Authentication"). Probes first: on a server that does not ask, the exchange would store the password as a value,
 * so credentials go out only after `CLIENT_ERROR unauthenticated`. Needs a confidential transport, loopback or a
 * Unix socket.
 *
 * `authenticate` rejects with a MemkeepError: `ERR_MEMKEEP_AUTH_INSECURE_CHANNEL` (nothing was sent),
 * `_NOT_REQUIRED` (the server lets anyone in), `_REJECTED`, `_PAUSED`.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_CREDENTIALS`, also for names and passwords that this protocol cannot say;
 * `ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE`
 * @throws TypeError, RangeError for an unknown option, or one that is none
 */
export function asciiAuth(given: AuthOptions): PasswordAuthenticator {
  const options = readAuthOptions('asciiAuth', given)
  const { allowInsecureAuth = false } = options
  return new PasswordAuthenticator('asciiAuth', options, {
    name: 'ascii-auth',
    protocol: 'text',
    check: assertSayable,
    async say(channel, context, { credentials }) {
      const server = formatEndpoint(context.endpoint)
      if (!context.passwordSafe && !allowInsecureAuth) throw insecureChannel(server)
      await probe(channel, server, context)
      const request = encodeCredentials(credentials)
      const answer = await exchange(channel, request, parseLine, { server, signal: context.signal }).finally(
        () => request.fill(0),
      )
      if (answer === 'STORED') return
      if (!answer.startsWith('CLIENT_ERROR')) throw unexpected(server)
      throw new MemkeepError(
        'ERR_MEMKEEP_AUTH_REJECTED',
        `${server} refused the user name or password: correct them, or add the line user:password to the server's -Y file and have it read (SIGHUP).`,
      )
    },
  })
}

/** Asks whether the server asks for a password: one that does not would store it. */
async function probe(channel: Channel, server: string, { signal }: AuthContext): Promise<void> {
  const answer = await exchange(channel, Buffer.from('version\r\n'), parseLine, { server, signal })
  if (answer.startsWith('VERSION ')) {
    throw new MemkeepError(
      'ERR_MEMKEEP_AUTH_NOT_REQUIRED',
      `${server} does not ask for a password, so anyone may use it; none was sent: start memcached with -Y, or leave "auth" out if that is meant.`,
    )
  }
  if (answer !== 'CLIENT_ERROR unauthenticated') throw unexpected(server)
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
