import { createHmac } from 'node:crypto'
import type { Credentials } from '../credentials.ts'
import { fault, unexpectedStep } from './faults.ts'
import type { Mechanism } from './mechanism.ts'

/** The longest challenge that is answered, in bytes. */
const MAX_CHALLENGE_BYTES = 1024

/**
 * CRAM-MD5 (RFC 2195): weak, for whoever sees one exchange can try passwords as fast as MD5 is, and the server proves
 * nothing. For servers that know nothing better.
 */
export function cramMd5({ username, password }: Credentials): Mechanism {
  let answered = false
  return {
    name: 'CRAM-MD5',
    start: () => Buffer.alloc(0),
    step(challenge) {
      if (answered) throw unexpectedStep('CRAM-MD5')
      if (challenge.length === 0 || challenge.length > MAX_CHALLENGE_BYTES) {
        throw fault('ERR_MEMKEEP_AUTH_MALFORMED_CHALLENGE', 'CRAM-MD5', 'sent a challenge that is none')
      }
      answered = true
      const digest = createHmac('md5', password.reveal()).update(challenge).digest('hex')
      return Buffer.from(`${username} ${digest}`)
    },
    finish: () => undefined,
  }
}
