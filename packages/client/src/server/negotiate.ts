import { MemkeepError, type Authenticator, type Channel, type ConnectOptions } from '@memkeep/core'
import { exchange, type Parsed } from '@memkeep/core/internal'
import { binary } from '../protocol/binary.ts'
import { meta } from '../protocol/meta.ts'
import type { Protocol, ProtocolName } from '../protocol/protocol.ts'
import { text } from '../protocol/text.ts'

/**
 * What a server without these meta commands answers them by: `MN` to the value that it ran as a command, `EN` to the
 * value in memcached 1.5.19 to 1.5.22, which have an older form of them.
 */
const REFUSAL = /^(ERROR|MN|EN|(CLIENT|SERVER)_ERROR .*)$/

/** Which protocol to speak: one by name, or the best that the server knows. */
export type ProtocolChoice = 'auto' | ProtocolName

/**
 * A `ms` with a mode that does not exist, which stores nothing. A server that knows its form refuses it and skips
 * the two bytes of its value; memcached before 1.6.10, where `ms` had no length there, runs them as the command `mn`.
 */
const QUESTION = Buffer.from('ms memkeep 2 Mx\r\nmn\r\nversion\r\n')

/** The family that a connection speaks from its first byte on. */
export function familyOf(choice: ProtocolChoice, auth: Authenticator | undefined): 'text' | 'binary' {
  if (auth !== undefined) return auth.protocol
  return choice === 'binary' ? 'binary' : 'text'
}

/**
 * Settles on the protocol of an open channel. `auto` asks the server once whether it knows the meta commands in the
 * form of memcached 1.6.10 and later, and speaks classic text to one that does not.
 *
 * @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` for what no memcached answers; `ERR_MEMKEEP_SERVER_UNSUPPORTED` when `meta` was chosen and the server does not know it; those
 * of the channel
 */
export async function negotiate(
  channel: Channel,
  { choice, family, server, signal }: NegotiateOptions,
): Promise<Protocol> {
  if (family === 'binary') return binary
  if (choice === 'text') return text
  const [refusal = '', ...rest] = await exchange(channel, QUESTION, parseAnswer, { server, signal }).catch(
    (error: unknown) => {
      throw closedAt(server, error)
    },
  )
  if (refusal.startsWith('CLIENT_ERROR') && rest.length === 1) return meta
  if (![refusal, ...rest.slice(0, -1)].every((line) => REFUSAL.test(line))) {
    throw new MemkeepError(
      'ERR_MEMKEEP_PROTOCOL',
      `${server} does not answer as memcached does: check that the address is a memcached server, or set protocol: 'text'.`,
    )
  }
  if (choice === 'auto') return text
  throw new MemkeepError(
    'ERR_MEMKEEP_SERVER_UNSUPPORTED',
    `${server} does not know the meta commands of memcached 1.6.10 and later: upgrade it, or set protocol: 'text'.`,
  )
}

/** What to say of a server that closed the connection at the question. */
function closedAt(server: string, error: unknown): unknown {
  if (!(error instanceof MemkeepError) || error.code !== 'ERR_MEMKEEP_CONNECTION_LOST') return error
  return new MemkeepError(
    error.code,
    `${server} closed the connection at a meta command: if it is a proxy, set protocol: 'text'; else check that it runs.`,
    { cause: error.cause },
  )
}

/** What {@link negotiate} goes by. */
export interface NegotiateOptions extends ConnectOptions {
  readonly choice: ProtocolChoice
  readonly family: 'text' | 'binary'
  /** The server as the user wrote it, for messages. */
  readonly server: string
}

/** The lines up to the `VERSION` that ends the answer. */
function parseAnswer(received: Buffer): Parsed<readonly string[]> | undefined {
  const answer = received.toString('latin1')
  const end = /(^|\r\n)VERSION [^\r]*\r\n/.exec(answer)
  if (end === null) return undefined
  const length = end.index + end[0].length
  return { value: answer.slice(0, length).trimEnd().split('\r\n'), length }
}
