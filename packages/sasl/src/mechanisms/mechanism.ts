/** A SASL mechanism as a pure machine of messages, without sockets (RFC 4422, section 3). */
export interface Mechanism {
  /** Its registered name, as the server lists it. */
  readonly name: string
  /** The initial response. */
  start(): Buffer
  /** The response to one challenge of the server. */
  step(challenge: Buffer): Buffer
}
