import { MemkeepError } from '@memkeep/core'
import { isRead, type Command } from './protocol/command.ts'
import { isUnreachable } from './server/faults.ts'

/** The codes of errors after which nothing of a request was written. */
const NOT_WRITTEN: ReadonlySet<string> = new Set([
  'ERR_MEMKEEP_CONNECT_FAILED',
  'ERR_MEMKEEP_CONNECT_TIMEOUT',
  'ERR_MEMKEEP_CONNECTION_LIMIT',
  'ERR_MEMKEEP_SERVER_DOWN',
])

/**
 * Whether commands may be sent to the next server after this error: when their server is unreachable and nothing of
 * them was written, or they only read. A call whose time is over stays where it is.
 */
export function mayMove(error: unknown, commands: Command | readonly Command[]): boolean {
  if (!(error instanceof MemkeepError) || !isUnreachable(error)) return false
  if (error.code === 'ERR_MEMKEEP_COMMAND_TIMEOUT') return false
  return NOT_WRITTEN.has(error.code) || [commands].flat().every(isRead)
}
