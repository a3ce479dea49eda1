import { MemkeepError } from '@memkeep/core'

/** First words of answers that memcache-client takes for the answer to a command (memcached's `protocol.txt`). */
const KNOWN: ReadonlySet<string> = new Set([
  ...['OK', 'STORED', 'NOT_STORED', 'EXISTS', 'NOT_FOUND', 'DELETED', 'TOUCHED', 'VERSION'],
  ...['VALUE', 'STAT', 'END', 'ERROR', 'CLIENT_ERROR', 'SERVER_ERROR'],
  ...['BUSY', 'BADCLASS', 'NOSPARE', 'NOTFULL', 'UNSAFE', 'SAME'],
])
/** The largest value that a memcached can hold (`-I` takes 1 GiB at most), in bytes. */
const MAX_VALUE_BYTES = 2 ** 30

/**
 * Refuses what memcache-client does not understand, which it would leave to the next command, or fall over.
 *
 * @throws MemkeepError `ERR_MEMKEEP_PROTOCOL`
 */
export function assertAnswer(tokens: readonly string[], waiting: number): void {
  const [word = '', , , bytes = ''] = tokens
  if (waiting === 0) throw protocolError('answered what nobody asked for')
  if (!KNOWN.has(word) && !(tokens.length === 1 && /^\d+$/.test(word))) {
    throw protocolError('answered what memcache-client does not know, as it does to meta commands')
  }
  if (word === 'VALUE' && !(/^\d+$/.test(bytes) && Number(bytes) <= MAX_VALUE_BYTES)) {
    throw protocolError('told no length of a value')
  }
}

/** The error of every command on a connection that cannot be trusted from here on. It repeats nothing of the answer. */
export function protocolError(what: string, options?: ErrorOptions): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_PROTOCOL',
    `The server ${what}, so the connection was closed: check that the address is a memcached server, and raw text that was sent to it.`,
    options,
  )
}
