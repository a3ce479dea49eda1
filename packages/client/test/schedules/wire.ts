import type { ProtocolName } from '../../src/protocol/protocol.ts'

/** What a client asks for, as its server reads it. */
export type Verb = 'get' | 'set' | 'delete' | 'increment' | 'stats' | 'version' | 'question' | 'probe'

/** One command as the server read it. */
export interface Asked {
  readonly verb: Verb
  /** Empty where there is none. */
  readonly key: string
  /** Whether it is a command of classic text: so is the answer then, whatever else the server knows. */
  readonly classic: boolean
  /** The token that it carries; 0 without one. */
  readonly opaque: number
  /** Whether the CAS unique was asked for. */
  readonly withCas: boolean
  /** What is to be stored. */
  readonly value: string
}

/** What a server says to one command. */
export interface Saying {
  readonly outcome: 'hit' | 'miss' | 'done' | 'error' | 'too-large'
  /** With `hit`: the value, or the number's digits. */
  readonly text: string
  readonly flags: number
  readonly cas: bigint
}

/** The server's side of a wire protocol, on bytes written as latin1 text. */
export interface Wire {
  readonly name: ProtocolName
  /** Reads whole commands; what is left over is an error. */
  parse(chunk: Buffer): Asked[]
  write(asked: Asked, saying: Saying): string
  /** Whether the answer names the request that it is for. */
  hasToken(asked: Asked, saying: Saying): boolean
}
