import type { Credentials } from '@memkeep/local-server'
import type { MemcachedServer } from '../memcached/server.ts'
import type { Posture } from '../posture.ts'

/** What every cache can do, whatever its own methods are. A call that does not succeed rejects. */
export interface ContractCache {
  /** @param ttl seconds; undefined: as long as there is room */
  set(key: string, value: Buffer, ttl?: number): Promise<unknown>
  get(key: string): Promise<Buffer | undefined>
  close(): Promise<unknown> | undefined
}

/** A middleware that does nothing but see the names that reach the server. */
export interface NameRecorder {
  readonly name: string
  mapKey(key: string): string
}

/** The layers, handed in since testkit knows none. */
export interface Layers<Transport, Auth, Middleware> {
  tls(material: Partial<MemcachedServer['clientTls']>): Transport
  /** For a server with SASL. */
  sasl(credentials: Credentials): Auth
  /** For a server with ASCII authentication. */
  asciiAuth(credentials: Credentials): Auth
  /** Seals values, with one key for all that it makes; what does not open is a miss. */
  seal(): Middleware
  /** The recorder as one of the middlewares. */
  record(recorder: NameRecorder): Middleware
}

/** What a cache is opened with. */
export interface HardeningOf<Transport, Auth, Middleware> {
  /** Milliseconds to wait for a connection, where the server is known to be silent. */
  readonly connectTimeout?: number
  readonly transport?: Transport
  readonly auth?: Auth
  readonly middleware?: readonly Middleware[]
}

/** An item as the server has it. */
export interface SealedItem {
  readonly value: Buffer
  readonly flags: number
}

/** What the contract is to hold for. */
export interface Subject<Transport, Auth, Middleware> {
  readonly name: string
  /** Those that its protocol allows. */
  readonly postures: readonly Posture[]
  /** The file that says what this run shows, between two comments `contract`. */
  readonly readme: URL
  readonly layers: Layers<Transport, Auth, Middleware>
  open(
    server: MemcachedServer,
    hardening: HardeningOf<Transport, Auth, Middleware>,
  ): ContractCache | Promise<ContractCache>
  /** Reads and writes what the server has, below every middleware. */
  insider(
    server: MemcachedServer,
    hardening: HardeningOf<Transport, Auth, Middleware>,
  ): {
    read(name: string): Promise<SealedItem | undefined>
    write(name: string, item: SealedItem): Promise<unknown>
    close(): Promise<unknown>
  }
}
