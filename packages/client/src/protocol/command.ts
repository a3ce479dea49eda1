/** Reads a value; with `exptime` also gives it a new expiry. */
export interface GetCommand {
  readonly verb: 'get'
  readonly key: string
  /** Whether the reply shall carry the value's CAS unique. */
  readonly withCas: boolean
  /** Whether the reply shall tell how long the item has to live, which only the meta protocol can. */
  readonly withTtl?: boolean
  /** The new expiry, as memcached reads it; undefined leaves it. */
  readonly exptime: number | undefined
}

/** Stores a value, with `cas` only if the item is still the one that was read. */
export interface StoreCommand {
  readonly verb: 'set' | 'add' | 'replace' | 'append' | 'prepend'
  readonly key: string
  readonly value: Buffer
  /** Client flags, 32 bits. */
  readonly flags: number
  /** Expiry as memcached reads it: 0 never, up to 30 days relative seconds, else Unix seconds. */
  readonly exptime: number
  /** The CAS unique to compare with, 64 bits; for `set` alone. */
  readonly cas: bigint | undefined
}

/** Deletes an item. */
export interface DeleteCommand {
  readonly verb: 'delete'
  readonly key: string
}

/** Counts a decimal value up or down. */
export interface CountCommand {
  readonly verb: 'increment' | 'decrement'
  readonly key: string
  /** 64 bits, unsigned. */
  readonly delta: bigint
}

/** Gives an item a new expiry. */
export interface TouchCommand {
  readonly verb: 'touch'
  readonly key: string
  readonly exptime: number
}

/** Forgets everything that the server holds. */
export interface FlushCommand {
  readonly verb: 'flush'
  /** Seconds from now. */
  readonly delay: number
}

/** Asks for statistics. */
export interface StatsCommand {
  readonly verb: 'stats'
  /** `settings`, `items`, …; empty for the general ones. */
  readonly group: string
}

/** Asks which memcached it is. */
export interface VersionCommand {
  readonly verb: 'version'
}

/** One command as data: a protocol turns it into bytes, and bytes into its replies. */
export type Command =
  | GetCommand
  | StoreCommand
  | DeleteCommand
  | CountCommand
  | TouchCommand
  | FlushCommand
  | StatsCommand
  | VersionCommand

/** How many bytes of key and value a command carries, at most. */
export function payloadBound(command: Command): number {
  switch (command.verb) {
    case 'get':
      return command.key.length * MAX_UTF8_BYTES
    case 'set':
    case 'add':
    case 'replace':
    case 'append':
    case 'prepend':
      return command.key.length * MAX_UTF8_BYTES + command.value.length
    case 'flush':
    case 'version':
      return 0
    case 'stats':
      return command.group.length
    default:
      return command.key.length * MAX_UTF8_BYTES
  }
}

/** Whether to run a command twice does the same as to run it once, whatever others do meanwhile. */
export function isRead(command: Command): boolean {
  switch (command.verb) {
    case 'get':
      return command.exptime === undefined
    case 'stats':
    case 'version':
      return true
    default:
      return false
  }
}

/** The most bytes that a UTF-16 code unit becomes. */
const MAX_UTF8_BYTES = 3
