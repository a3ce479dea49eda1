import { unexpectedStep } from './faults.ts'
import type { Mechanism } from './mechanism.ts'

/**
 * EXTERNAL (RFC 4422, appendix A): who we are is what the channel below says, such as the client certificate of mutual
 * TLS. It asks for no other identity than that one.
 */
export function external(): Mechanism {
  return {
    name: 'EXTERNAL',
    start: () => Buffer.alloc(0),
    step() {
      throw unexpectedStep('EXTERNAL')
    },
    finish: () => undefined,
  }
}
