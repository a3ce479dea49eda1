import { MemkeepError, type Channel } from '@memkeep/core'
import {
  encodeBinaryRequest,
  exchange,
  parseBinaryResponse,
  type ExchangeOptions,
} from '@memkeep/core/internal'
import { unexpectedStep } from './mechanisms/faults.ts'
import type { Mechanism } from './mechanisms/mechanism.ts'

/** Opcodes and statuses of memcached's binary protocol ("SASL Authentication for Memcached"). */
const OPCODE = { listMechanisms: 0x20, auth: 0x21, step: 0x22 } as const
const STATUS = { success: 0x00, authError: 0x20, authContinue: 0x21, unknownCommand: 0x81 } as const

/** No mechanism has more; a server that asks for more than this never ends. */
const MAX_STEPS = 8

/**
 * The mechanisms that a server offers, which it tells everyone.
 *
 * @throws MemkeepError `ERR_MEMKEEP_AUTH_NOT_REQUIRED` for a server without SASL
 */
export async function listMechanisms(
  channel: Channel,
  server: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { status, value } = await request(channel, { server, signal }, OPCODE.listMechanisms)
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

/**
 * Runs one exchange of a mechanism to its end, and sees to it that the server has proved what the mechanism demands.
 *
 * @throws MemkeepError `ERR_MEMKEEP_AUTH_REJECTED`, and those of the mechanism
 */
export async function converse(
  channel: Channel,
  mechanism: Mechanism,
  server: string,
  signal: AbortSignal,
): Promise<void> {
  let { status, value } = await request(
    channel,
    { server, signal },
    OPCODE.auth,
    mechanism.name,
    mechanism.start(),
  )
  for (let steps = 0; status === STATUS.authContinue; steps++) {
    if (steps === MAX_STEPS) throw unexpectedStep(mechanism.name)
    const response = await mechanism.step(value)
    ;({ status, value } = await request(channel, { server, signal }, OPCODE.step, mechanism.name, response))
  }
  if (status === STATUS.authError) {
    throw new MemkeepError(
      'ERR_MEMKEEP_AUTH_REJECTED',
      `${server} refused the user name or password (SASL ${mechanism.name}): correct them, or add the user to the server's SASL database.`,
    )
  }
  if (status !== STATUS.success) throw unexpected(server, status)
  mechanism.finish()
}

async function request(
  channel: Channel,
  options: ExchangeOptions,
  opcode: number,
  mechanism = '',
  message: Buffer = Buffer.alloc(0),
): Promise<{ readonly status: number; readonly value: Buffer }> {
  const bytes = encodeBinaryRequest({ opcode, key: Buffer.from(mechanism, 'latin1'), value: message })
  try {
    return await exchange(channel, bytes, parseBinaryResponse, options)
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
