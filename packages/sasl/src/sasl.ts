import { formatEndpoint, MemkeepError, type Authenticator, type Channel } from '@memkeep/core'
import { encodeBinaryRequest, exchange, parseBinaryResponse } from '@memkeep/core/internal'
import { assertPasswordSafe, readCredentials, type AuthOptions } from './credentials.ts'
import type { Mechanism } from './mechanisms/mechanism.ts'
import { plain } from './mechanisms/plain.ts'

/** Opcodes and statuses of memcached's binary protocol ("SASL Authentication for Memcached"). */
const OPCODE = { listMechanisms: 0x20, auth: 0x21, step: 0x22 } as const
const STATUS = { success: 0x00, authError: 0x20, authContinue: 0x21, unknownCommand: 0x81 } as const

/**
 * SASL authentication (RFC 4422) over memcached's binary protocol, for servers started with `-S`. Speaks PLAIN, and
 * only on a confidential transport, loopback or a Unix socket.
 *
 * `authenticate` rejects with a MemkeepError: `ERR_MEMKEEP_AUTH_INSECURE_CHANNEL` (nothing was sent),
 * `ERR_MEMKEEP_AUTH_NOT_REQUIRED` (the server lets anyone in), `ERR_MEMKEEP_AUTH_MECHANISM_UNAVAILABLE`,
 * `ERR_MEMKEEP_AUTH_REJECTED`.
 *
 * @example
 * new MemcachedClient({ servers, transport: tls({ ca }), auth: sasl({ username, password }) })
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_CREDENTIALS`
 */
export function sasl(options: AuthOptions): Authenticator {
  const credentials = readCredentials('sasl', options)
  return {
    name: 'sasl',
    protocol: 'binary',
    async authenticate(channel, context) {
      assertPasswordSafe(context, options)
      const server = formatEndpoint(context.endpoint)
      const mechanism = plain(credentials)
      const offered = await listMechanisms(channel, server, context.signal)
      if (!offered.includes(mechanism.name)) {
        throw new MemkeepError(
          'ERR_MEMKEEP_AUTH_MECHANISM_UNAVAILABLE',
          `${server} does not offer SASL ${mechanism.name} (it offers ${offered.join(', ') || 'nothing'}): add it to mech_list in the server's SASL configuration, and install its module.`,
        )
      }
      await converse(channel, mechanism, server, context.signal)
    },
  }
}

async function listMechanisms(
  channel: Channel,
  server: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { status, value } = await request(channel, signal, OPCODE.listMechanisms)
  if (status === STATUS.unknownCommand) {
    throw new MemkeepError(
      'ERR_MEMKEEP_AUTH_NOT_REQUIRED',
      `${server} does not ask for SASL, so anyone may use it; no password was sent: start memcached with -S, or leave "auth" out if that is meant.`,
    )
  }
  if (status !== STATUS.success) throw unexpected(server, status)
  return value
    .toString('latin1')
    .split(/[\s\0]+/)
    .filter((name) => /^[A-Z0-9_-]{1,20}$/.test(name))
}

async function converse(
  channel: Channel,
  mechanism: Mechanism,
  server: string,
  signal: AbortSignal,
): Promise<void> {
  let { status, value } = await request(channel, signal, OPCODE.auth, mechanism.name, mechanism.start())
  while (status === STATUS.authContinue) {
    const response = mechanism.step(value)
    ;({ status, value } = await request(channel, signal, OPCODE.step, mechanism.name, response))
  }
  if (status === STATUS.authError) {
    throw new MemkeepError(
      'ERR_MEMKEEP_AUTH_REJECTED',
      `${server} refused the user name or password (SASL ${mechanism.name}): correct them, or add the user to the server's SASL database.`,
    )
  }
  if (status !== STATUS.success) throw unexpected(server, status)
}

async function request(
  channel: Channel,
  signal: AbortSignal,
  opcode: number,
  mechanism = '',
  message: Buffer = Buffer.alloc(0),
): Promise<{ readonly status: number; readonly value: Buffer }> {
  const bytes = encodeBinaryRequest({ opcode, key: Buffer.from(mechanism, 'latin1'), value: message })
  try {
    return await exchange(channel, bytes, parseBinaryResponse, signal)
  } finally {
    // what held the password is not left in memory longer than needed
    bytes.fill(0)
    message.fill(0)
  }
}

function unexpected(server: string, status: number): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_PROTOCOL',
    `${server} answered SASL with status 0x${status.toString(16)}: check that the address is a memcached server started with -S.`,
  )
}
