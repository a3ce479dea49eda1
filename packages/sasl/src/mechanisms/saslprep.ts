import { saslprep } from '@mongodb-js/saslprep'
import { MemkeepError } from '@memkeep/core'

/**
 * A user name or password as SCRAM takes it (SASLprep, RFC 4013).
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_CREDENTIALS`, without repeating them
 */
export function prepare(text: string): string {
  let prepared: string
  try {
    // a client's is a query, in which unassigned code points are allowed (RFC 4013, section 2.5)
    prepared = saslprep(text, { allowUnassigned: true })
  } catch {
    throw new MemkeepError(
      'ERR_MEMKEEP_INVALID_CREDENTIALS',
      'The user name or password holds characters that SCRAM cannot carry (RFC 4013): control characters, private use, or right-to-left text mixed with other; choose others, or set mechanisms: ["PLAIN"] over TLS.',
    )
  }
  if (prepared !== '') return prepared
  throw new MemkeepError(
    'ERR_MEMKEEP_INVALID_CREDENTIALS',
    'The user name or password is empty once SCRAM has prepared it (RFC 4013): choose another.',
  )
}
