import { MemkeepError, type MemkeepErrorCode } from '@memkeep/core'
import type { Mechanism } from './mechanism.ts'

/** The error of a server that does not keep to its mechanism. The message never repeats what it said. */
export function fault(
  code: Extract<MemkeepErrorCode, `ERR_MEMKEEP_AUTH_${string}`>,
  mechanism: Mechanism['name'],
  what: string,
): MemkeepError {
  return new MemkeepError(
    code,
    `The server ${what} (SASL ${mechanism}): it is misconfigured, or not the server that it seems to be; check its SASL set-up and the network.`,
  )
}

/** A step more than the mechanism has. */
export function unexpectedStep(mechanism: Mechanism['name']): MemkeepError {
  return fault('ERR_MEMKEEP_AUTH_UNEXPECTED_STEP', mechanism, 'asked for a step more than there is')
}
