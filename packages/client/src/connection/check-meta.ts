import { MemkeepError, type Channel, type ConnectOptions } from '@memkeep/core'
import { exchange, type Parsed } from '@memkeep/core/internal'

/**
 * A `ms` with a mode that does not exist, which stores nothing. A server that knows its form refuses it and skips
 * the two bytes of its value; memcached before 1.6.10, where `ms` had no length there, runs them as the command `mn`.
 */
const QUESTION = Buffer.from('ms memkeep 2 Mx\r\nmn\r\nversion\r\n')

/** The lines up to the `VERSION` that ends the answer. */
function parseAnswer(received: Buffer): Parsed<readonly string[]> | undefined {
  const text = received.toString('latin1')
  const end = /(^|\r\n)VERSION [^\r]*\r\n/.exec(text)
  if (end === null) return undefined
  const length = end.index + end[0].length
  return { value: text.slice(0, length).trimEnd().split('\r\n'), length }
}

/**
 * Makes the check that a server speaks the meta commands in the form of memcached 1.6.10 and later. On another one
 * the value of a `set` would be run as commands.
 *
 * The check rejects with MemkeepError `ERR_MEMKEEP_SERVER_UNSUPPORTED`.
 */
export function checkMeta(server: string): (channel: Channel, options: ConnectOptions) => Promise<void> {
  return async (channel, { signal }) => {
    const [refusal = '', ...rest] = await exchange(channel, QUESTION, parseAnswer, signal)
    if (refusal.startsWith('CLIENT_ERROR') && rest.length === 1) return
    throw new MemkeepError(
      'ERR_MEMKEEP_SERVER_UNSUPPORTED',
      `${server} does not know the meta commands of memcached 1.6.10 and later: upgrade it, or use SASL, which speaks the binary protocol.`,
    )
  }
}
