import { MemkeepError } from '@memkeep/core'
import type { Credentials } from '../credentials.ts'
import type { Mechanism } from './mechanism.ts'

/** PLAIN (RFC 4616): name and password in one message, readable to whoever reads the channel. */
export function plain({ username, password }: Credentials): Mechanism {
  return {
    name: 'PLAIN',
    start: () => Buffer.from(`\0${username}\0${password.reveal()}`),
    step() {
      throw new MemkeepError(
        'ERR_MEMKEEP_PROTOCOL',
        'The server asked for more after PLAIN, which has one message: check the SASL set-up of the server.',
      )
    },
  }
}
