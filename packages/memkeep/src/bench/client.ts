/** In which type a client carries a value as it is; each is handed its own. */
export type Form = 'buffer' | 'string'

/**
 * A client with its connections. What its promises resolve to is its own business: `valueOf`, `valueIn` and `stored`
 * look into it without another promise, so that no client pays for an adapter.
 */
export interface Client<Got = unknown, Many = unknown, Stored = unknown> {
  get(key: string): Promise<Got>
  getMany(keys: readonly string[]): Promise<Many>
  set(key: string, value: Buffer | string): Promise<Stored>
  /** The value in what `get` resolved to. */
  valueOf(reply: Got): unknown
  /** The value of a key in what `getMany` resolved to. */
  valueIn(replies: Many, key: string, position: number): unknown
  /** Whether `set` says that it has stored. */
  stored(reply: Stored): boolean
  close(): Promise<void>
}
