import type { Layers } from './rows.ts'

/** What someone who looked has seen. */
export type Sight = 'seen' | 'hidden'
/** What someone got who read a stored value: its text, its ciphertext, or no answer. */
export type Reading = 'plain' | 'sealed' | 'refused'
/** What became of a value that someone else wrote: served to the application, noticed by it, or not taken. */
export type Writing = 'served' | 'noticed' | 'refused'

/** What the attacker achieved against one row. */
export interface Findings {
  /** The recording relay between application and server. */
  readonly wire: {
    readonly value: Sight
    readonly keyName: Sight
    /** `none` where there is no password to see. */
    readonly password: Sight | 'none'
  }
  /** Someone with network access, but neither certificate nor credentials. */
  readonly stranger: { readonly reads: Reading; readonly writes: Writing }
  /** Someone with full rights on the server itself, who dumps and changes what it holds. */
  readonly insider: { readonly reads: Reading; readonly changes: Writing; readonly swaps: Writing }
}

/**
 * What a row must show: the protection that its layers promise, and the exposure that the others leave open. The
 * second half keeps the first honest: an attack that finds nothing anywhere proves nothing.
 */
export function expectedFindings(layers: Layers): Findings {
  const { tls, clientCertificate, sasl, encryption } = layers
  const closed = clientCertificate || sasl
  const read: Reading = encryption ? 'sealed' : 'plain'
  const write: Writing = encryption ? 'noticed' : 'served'
  return {
    wire: {
      value: tls || encryption ? 'hidden' : 'seen',
      keyName: tls ? 'hidden' : 'seen',
      password: sasl ? (tls ? 'hidden' : 'seen') : 'none',
    },
    stranger: { reads: closed ? 'refused' : read, writes: closed ? 'refused' : write },
    insider: { reads: read, changes: write, swaps: write },
  }
}
