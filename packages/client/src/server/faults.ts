import { MemkeepError } from '@memkeep/core'

/** The codes that say that a server cannot be reached, or answers no more. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'ERR_MEMKEEP_CONNECT_FAILED',
  'ERR_MEMKEEP_CONNECT_TIMEOUT',
  'ERR_MEMKEEP_CONNECTION_LIMIT',
  'ERR_MEMKEEP_CONNECTION_LOST',
  'ERR_MEMKEEP_COMMAND_TIMEOUT',
  'ERR_MEMKEEP_SERVER_DOWN',
  'ERR_MEMKEEP_BACKEND_UNREACHABLE',
])

/** Whether an error says that a server cannot be reached, or answers no more. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof MemkeepError && UNREACHABLE.has(error.code)
}

/** The error of a request to a client that is closed. */
export function clientClosed(): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_CLOSED', 'The client is closed: make a new one.')
}

/** The error of a request that was written and lost its connection. */
export function connectionLost(server: string, cause: unknown): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_CONNECTION_LOST',
    `The connection to ${server} was lost before the reply came; the command may or may not have been carried out.`,
    { cause },
  )
}

/** The error of a request for which there is no room. */
export function overloaded(server: string): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_OVERLOADED',
    `More is asked of ${server} than may be in flight and wait: ask less at once, or raise "maxInFlight" or "maxWaiting".`,
  )
}

/** Why a server counts as failing that could not be connected to while calls had time. */
export function notConnected(server: string): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_CONNECT_TIMEOUT',
    `${server} could not be connected to within the timeout of a call: check that it runs and can be reached.`,
  )
}

/** Why a connection is given up on which nothing comes any more. */
export function silent(server: string): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_COMMAND_TIMEOUT',
    `${server} stopped answering: check its load and the network.`,
  )
}

/**
 * The error of a request to a server that is left alone for now: a wrong password or certificate stays what it is.
 *
 * @param pause milliseconds until the server is tried again
 */
export function serverDown(server: string, lastError: Error | undefined, pause: number): Error {
  if (lastError instanceof MemkeepError && !isUnreachable(lastError)) return lastError
  return new MemkeepError(
    'ERR_MEMKEEP_SERVER_DOWN',
    `${server} is down and is tried again in ${String(Math.ceil(pause))} ms: check that it runs and can be reached.`,
    { cause: lastError },
  )
}
