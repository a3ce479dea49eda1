/** The mechanisms that go by a password and are spoken here, strongest first. */
export const MECHANISMS = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'CRAM-MD5'] as const

/** A mechanism that goes by a password, by its registered name (IANA, "SASL Mechanisms"). */
export type MechanismName = (typeof MECHANISMS)[number]

/** A SCRAM mechanism by its registered name. */
export type ScramName = Extract<MechanismName, `SCRAM-${string}`>

/** One exchange of a mechanism, as a pure machine of messages, without sockets (RFC 4422, section 3). */
export interface Mechanism {
  readonly name: MechanismName | 'EXTERNAL'
  /** The initial response. */
  start(): Buffer
  /**
   * The response to one challenge of the server.
   *
   * @throws MemkeepError `ERR_MEMKEEP_AUTH_…` for a challenge that does not keep to the mechanism
   */
  step(challenge: Buffer): Buffer | Promise<Buffer>
  /**
   * Called when the server says that it is done.
   *
   * @throws MemkeepError `ERR_MEMKEEP_AUTH_SIGNATURE_MISSING` when it has not proved itself as the mechanism demands
   */
  finish(): void
}
