import { MemkeepError } from './errors.ts'

/** What memcached writes in plain text to a client for which it has no connection left, on TLS and binary ports too. */
const LINE = 'ERROR Too many open connections'

/** Whether a server's first words are that it has no connection left. */
export function isConnectionLimit(received: Buffer): boolean {
  return received.toString('latin1', 0, LINE.length) === LINE
}

/** The error of a server that has no connection left, if that is how its first words begin. */
export function connectionLimit(server: string, received: Buffer): MemkeepError | undefined {
  if (!isConnectionLimit(received)) return undefined
  return new MemkeepError(
    'ERR_MEMKEEP_CONNECTION_LIMIT',
    `${server} has no connection left ("${LINE}"): raise its limit (-c), or open fewer connections.`,
  )
}
