import { formatEndpoint, MemkeepError, Secret, type Authenticator } from '@memkeep/core'
import { encodeBinaryRequest, exchange, parseBinaryResponse } from '@memkeep/core/internal'

/** Opcode of `SASL Auth` (memcached's binary protocol, "SASL Authentication"). */
const SASL_AUTH = 0x21
const OK = 0x00
const AUTH_ERROR = 0x20
const UNKNOWN_COMMAND = 0x81

/** What memjs knows of us. */
export interface PlainCredentials {
  readonly username: string
  readonly password: string
  readonly allowInsecureAuth: boolean
}

/**
 * memjs's own way to authenticate, SASL PLAIN (RFC 4616), but only where nobody reads along. For more, hand in
 * `auth: sasl({ … })`.
 */
export function plainAuth({ username, password, allowInsecureAuth }: PlainCredentials): Authenticator {
  const secret = new Secret(password)
  return {
    name: 'memjs PLAIN',
    protocol: 'binary',
    async authenticate(channel, { endpoint, passwordSafe, signal }) {
      const server = formatEndpoint(endpoint)
      if (!passwordSafe && !allowInsecureAuth) {
        throw new MemkeepError(
          'ERR_MEMKEEP_AUTH_INSECURE_CHANNEL',
          `The password for ${server} would cross the network readable: hand in transport: tls({ ca }), auth: sasl({ username, password }), which need not say it, or set "allowInsecureAuth" if the network is yours alone.`,
        )
      }
      const request = encodeBinaryRequest({
        opcode: SASL_AUTH,
        key: Buffer.from('PLAIN'),
        value: Buffer.from(`\0${username}\0${secret.reveal()}`),
      })
      const { status } = await exchange(channel, request, parseBinaryResponse, { server, signal })
      if (status === OK) return
      throw refusal(server, status)
    },
  }
}

function refusal(server: string, status: number): MemkeepError {
  if (status === AUTH_ERROR) {
    return new MemkeepError(
      'ERR_MEMKEEP_AUTH_REJECTED',
      `${server} refused the user name or password (SASL PLAIN): correct them, or add the user to the server's SASL database.`,
    )
  }
  if (status === UNKNOWN_COMMAND) {
    return new MemkeepError(
      'ERR_MEMKEEP_AUTH_NOT_REQUIRED',
      `${server} does not ask for SASL, so anyone may use it: start memcached with -S, or leave the user name out if that is meant.`,
    )
  }
  return new MemkeepError(
    'ERR_MEMKEEP_PROTOCOL',
    `${server} answered SASL with status 0x${status.toString(16)}: check that the address is a memcached server started with -S.`,
  )
}
