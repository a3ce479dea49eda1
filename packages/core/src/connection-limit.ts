import { MemkeepError } from './errors.ts'

/** What memcached writes in plain text to a client for which it has no connection left, on TLS and binary ports too. */
const LINE = 'ERROR Too many open connections'

/** The error of a server that has no connection left, if that is how its first words begin. */
export function connectionLimit(server: string, received: Buffer): MemkeepError | undefined {
  if (received.toString('latin1', 0, LINE.length) !== LINE) return undefined
  return new MemkeepError(
    'ERR_MEMKEEP_CONNECTION_LIMIT',
    `${server} has no connection left ("${LINE}"): raise its limit (-c), or open fewer connections.`,
  )
}
