/** Where text goes. */
export interface Sink {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** The world that a command runs in; tests hand in one of their own. */
export interface CliContext {
  readonly stdout: Sink
  readonly stderr: Sink
  /** What is piped in; a function, since asking for it opens it. */
  readonly stdin?: () => AsyncIterable<Uint8Array>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted when the command is to end: Ctrl-C, SIGTERM. */
  readonly signal: AbortSignal
}
