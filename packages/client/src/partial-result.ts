/** What went wrong with one server in a question to several. */
export interface ServerFault {
  /** The server as the user wrote it. */
  readonly server: string
  /** The keys that were asked of it; empty for questions about a server. */
  readonly keys: readonly string[]
  readonly error: unknown
}

/** A Map of what could be had from several servers, with the faults of those that failed beside it. */
export class PartialResult<Key, Value> extends Map<Key, Value> {
  /** One for each server that failed, and for each value that was too large to read; empty when all is well. */
  readonly faults: readonly ServerFault[]

  constructor(faults: readonly ServerFault[]) {
    super()
    this.faults = faults
  }
}
