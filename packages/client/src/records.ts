import type { OpenedRecord, Pipeline } from '@memkeep/core'
import type { Asker, Question } from './asker.ts'
import type { Items } from './items.ts'
import type { PartialResult } from './partial-result.ts'
import type { Reply } from './protocol/reply.ts'
import { refuseFault, takeCas, takeDone, type CasResult } from './results.ts'

/** What a server has under the key of a record. */
export type FoundRecord =
  | { readonly status: 'missing' }
  | ({ readonly status: 'opened'; readonly cas: bigint } & OpenedRecord)
  | { readonly status: 'unreadable'; readonly error: Error; readonly cas: bigint }

/** What servers have under the key of a record. */
export interface FoundRecords {
  /** On the server that the key belongs to; undefined when it did not answer. */
  readonly own: FoundRecord | undefined
  /** On every server that was asked and answered, that one included. */
  readonly all: readonly FoundRecord[]
}

/**
 * Records of an adapter: small items for its own use, which the middleware seals apart from values. They never expire.
 * Methods reject as those of `MemcachedClient` do, also with `onServerDown: 'miss'`.
 */
export class Records {
  readonly #asker: Asker
  readonly #pipeline: Pipeline
  readonly #items: Items

  constructor(asker: Asker, pipeline: Pipeline, items: Items) {
    this.#asker = asker
    this.#pipeline = pipeline
    this.#items = items
  }

  /** How many servers there are; 0 until a discovery has answered. */
  get serverCount(): number {
    return this.#asker.cluster.servers.length
  }

  /** Reads from the server that the key belongs to, or from the others when it fails; rejects when none answers. */
  async read(key: string): Promise<FoundRecords> {
    const wireKey = this.#items.wireKey(key)
    try {
      const own = await this.#asker.ask(wireKey, this.#reading(key))
      return { own, all: [own] }
    } catch (error) {
      const { cluster } = this.#asker
      const others = cluster.known ? cluster.servers.filter((each) => each !== cluster.serverOf(wireKey)) : []
      const results = await Promise.allSettled(
        others.map((server) => this.#asker.askServer(server, this.#reading(key))),
      )
      const all = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      if (all.length === 0) throw error
      return { own: undefined, all }
    }
  }

  /** Reads from every server; rejects when none answers. */
  async readAll(key: string): Promise<FoundRecords> {
    const found = await this.#asker.askAll(undefined, () => this.#reading(key))
    const { name } = this.#asker.cluster.serverOf(this.#items.wireKey(key))
    return { own: found.get(name), all: [...found.values()] }
  }

  /** Stores a record where there is none. @returns false when there is one */
  add(key: string, value: Buffer): Promise<boolean> {
    const { wireKey, sealed } = this.#sealed(key, value)
    return this.#asker.ask(wireKey, {
      operation: 'add',
      commands: { ...COMMON, verb: 'add', key: wireKey, value: sealed, cas: undefined },
      take: takeDone,
      options: undefined,
    })
  }

  /** Stores a record in place of the one that was read, unless it has changed since. */
  replace(key: string, value: Buffer, cas: bigint): Promise<CasResult> {
    const { wireKey, sealed } = this.#sealed(key, value)
    return this.#asker.ask(wireKey, {
      operation: 'cas',
      // a server without CAS (-C) gives 0
      commands: { ...COMMON, verb: 'set', key: wireKey, value: sealed, cas: cas === 0n ? undefined : cas },
      take: takeCas,
      options: undefined,
    })
  }

  /** Stores a record on every server; rejects when all fail. @param verb `add` leaves the records that are there */
  storeAll(verb: 'set' | 'add', key: string, value: Buffer): Promise<PartialResult<string, boolean>> {
    const { wireKey, sealed } = this.#sealed(key, value)
    return this.#asker.askAll(undefined, () => ({
      operation: verb,
      commands: { ...COMMON, verb, key: wireKey, value: sealed, cas: undefined },
      take: takeDone,
    }))
  }

  /** A result, or undefined when its server is not reachable and `onServerDown` is `'miss'`. */
  orMiss<T>(promise: Promise<T>): Promise<T | undefined> {
    return this.#asker.orMiss(promise, undefined)
  }

  #reading(key: string): Question<FoundRecord> {
    const wireKey = this.#items.wireKey(key)
    return {
      operation: 'gets',
      commands: { verb: 'get', key: wireKey, withCas: true, exptime: undefined },
      take: (reply) => this.#open(key, reply),
      options: undefined,
    }
  }

  #open(key: string, reply: Reply): FoundRecord {
    refuseFault(reply)
    if (reply.status !== 'value') return { status: 'missing' }
    const { cas = 0n, value = Buffer.alloc(0) } = reply
    try {
      return { status: 'opened', cas, ...this.#pipeline.openRecord({ key: this.#items.name(key), value }) }
    } catch (error) {
      return { status: 'unreadable', cas, error: error instanceof Error ? error : new Error(String(error)) }
    }
  }

  #sealed(key: string, value: Buffer): { readonly wireKey: string; readonly sealed: Buffer } {
    const record = { key: this.#items.name(key), value }
    return { wireKey: this.#items.wireKey(key), sealed: this.#pipeline.sealRecord(record) }
  }
}

/** Flags and expiry of every record. */
const COMMON = { flags: 0, exptime: 0 } as const

/** The property of a client that holds its records. Registered, so that it also holds between two installed copies. */
const RECORDS = Symbol.for('memkeep.client.records')

/** Lets {@link recordsOf} find the records of a client. */
export function attachRecords(client: object, records: Records): void {
  Object.defineProperty(client, RECORDS, { value: records })
}

/** The records of a `MemcachedClient`. */
export function recordsOf(client: object): Records {
  return (client as { readonly [RECORDS]: Records })[RECORDS]
}
