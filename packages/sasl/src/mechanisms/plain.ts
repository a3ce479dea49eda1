import type { Credentials } from '../credentials.ts'
import { unexpectedStep } from './faults.ts'
import type { Mechanism } from './mechanism.ts'

/** PLAIN (RFC 4616): name and password in one message, readable to whoever reads the channel, and to the server. */
export function plain({ username, password }: Credentials): Mechanism {
  return {
    name: 'PLAIN',
    start: () => Buffer.from(`\0${username}\0${password.reveal()}`),
    step() {
      throw unexpectedStep('PLAIN')
    },
    finish: () => undefined,
  }
}
