import type { Command } from './command.ts'
import type { Reply } from './reply.ts'

/** The wire protocols that memcached speaks. */
export type ProtocolName = 'meta' | 'text' | 'binary'

/** A wire protocol as pure bytes, without sockets. */
export interface Protocol {
  readonly name: ProtocolName
  /** How many bytes of a command follow its value. */
  readonly trailerBytes: number
  /** What follows the value in a reply to a read of one key. */
  readonly afterValue: string
  /** The most bytes that the command can take. */
  bound(command: Command): number
  /** Writes the command at `at` and returns the offset just behind it. */
  write(command: Command, opaque: number, out: Buffer, at: number): number
  /**
   * Reads the reply that starts at `at` into `reply` and returns 0; while it is incomplete, returns instead how many
   * bytes from `at` on are needed at least before it is worth another try.
   *
   * @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` when the bytes can be no reply
   */
  read(data: Buffer, at: number, reply: Reply): number
  /** Whether the reply is one to this command under this token, as far as the protocol tells. */
  belongs(reply: Reply, command: Command, opaque: number): boolean
}
