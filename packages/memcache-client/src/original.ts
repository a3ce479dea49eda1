import type {
  MemcacheClient,
  MemcacheConnection,
  MemcacheNode,
  PackedData,
  SingleServerEntry,
} from 'memcache-client'

/** What `store` takes behind command, key and value. */
export type StoreOptions =
  Parameters<MemcacheClient['store']> extends [string, string, unknown, ...infer Rest] ? Rest : never
export type CommandOptions = Parameters<MemcacheClient['_callbackSend']>[1]
export type ErrorFirst<T> = (error?: Error | null, data?: T) => void

/** What memcache-client keeps to itself, and this package works with. */
export interface Internals {
  /** What its options name, or that of bluebird where it is installed. */
  readonly Promise: PromiseConstructor
  readonly _packer: {
    pack(value: unknown, compress: boolean): { readonly flag: number; readonly data: string | Buffer }
  }
  readonly _servers: {
    /** Every server, exiled ones aside. */
    readonly _servers: readonly SingleServerEntry[]
    /** The servers by what the user wrote; looked up before one is made. */
    readonly _nodes: Record<string, MemcacheNode>
    doCmd(action: (connection: MemcacheConnection) => Promise<unknown>): Promise<unknown>
  }
}

/** What memcache-client's connections keep to themselves, and this package works with. */
export interface ConnectionInternals {
  /** Runs while a command waits for its answer. */
  readonly _checkCmdTimer: NodeJS.Timeout | undefined
}

/** A value that was read, as memcache-client tells it. */
export interface Found {
  readonly tokens: string[]
  readonly casUniq?: string
  readonly value: ReturnType<MemcacheClient['_unpackValue']>
}

/** A value that came in, before it is unpacked. `VALUE <key> <flags> <bytes> [<cas unique>]` are its tokens. */
export type Packed = PackedData
