import type { Command } from './command.ts'
import type { Reply } from './reply.ts'

/** A wire protocol as pure bytes, without sockets. */
export interface Protocol {
  readonly name: 'meta' | 'binary'
  /** The most bytes that the command can take. */
  bound(command: Command): number
  /** Writes the command at `at` and returns the offset just behind it. */
  write(command: Command, opaque: number, out: Buffer, at: number): number
  /**
   * Reads the reply that starts at `at`; while it is incomplete, returns instead how many bytes from `at` on are
   * needed at least before it is worth another try.
   *
   * @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` when the bytes can be no reply
   */
  read(data: Buffer, at: number): Reply | number
}
