import type { FoundRecord, FoundRecords, Records } from '@memkeep/client/internal'
import { MemkeepError } from '@memkeep/core'
import { quoteName } from '@memkeep/core/internal'
import { newestOf, newVersion, parseVersion } from './namespace-version.ts'
import { recordKey } from './names.ts'

/** How often a version is created before giving up, while other processes create one too. */
const MAX_ATTEMPTS = 3
/** Milliseconds between two times that a process seals the record of a namespace again. */
const REPLACE_PAUSE = 60_000

/** The newest version that this process has seen, and until when it is taken for the current one. */
interface Known {
  readonly version: string
  /** By `performance.now()`. */
  readonly until: number
}

/**
 * The version of each namespace, which is part of the name of each of its keys: a new version makes every key of the
 * namespace a miss, at once and without touching others.
 *
 * memcached keeps it in a record on every server. Versions are ordered, and this process never returns to an older one
 * than it has seen: it replaces an older record and one that was evicted. One that does not open may be newer, and is
 * replaced only by a process that knows no version, with a new one.
 */
export class NamespaceVersions {
  readonly #records: Records
  readonly #delay: number
  readonly #onUnreadable: (error: MemkeepError) => void
  readonly #known = new Map<string, Known>()
  readonly #asked = new Map<string, Promise<string | undefined>>()
  /** When a record was last replaced without being older, by `performance.now()`. */
  readonly #replaced = new Map<string, number>()
  /** Namespaces whose record was reported. */
  readonly #reported = new Set<string>()

  /**
   * @param delay milliseconds that a version is taken for the current one without reading the record
   * @param onUnreadable called once for each namespace whose record does not open or is malformed
   */
  constructor(records: Records, delay: number, onUnreadable: (error: MemkeepError) => void) {
    this.#records = records
    this.#delay = delay
    this.#onUnreadable = onUnreadable
  }

  /** The version, if it was read recently enough; otherwise undefined, and {@link NamespaceVersions.read} reads it. */
  peek(name: string): string | undefined {
    const known = this.#known.get(name)
    return known !== undefined && performance.now() < known.until ? known.version : undefined
  }

  /** The version, created when there is none; undefined when the server is down and `onServerDown` is `'miss'`. */
  read(name: string): Promise<string | undefined> {
    let asked = this.#asked.get(name)
    if (asked === undefined) {
      asked = this.#records.orMiss(this.#read(name)).finally(() => this.#asked.delete(name))
      this.#asked.set(name, asked)
    }
    return asked
  }

  /**
   * Gives a namespace a new version. This process uses it from now on, also when the call rejects.
   *
   * @throws MemkeepError when a server does not store it: what was cleared may then be read again
   */
  async renew(name: string): Promise<void> {
    const key = recordKey(name)
    const found = await this.#records.readAll(key)
    const version = newVersion(newestOf([this.#known.get(name)?.version, ...versionsOf(found)]))
    this.#learn(name, version, performance.now())
    const { faults, size } = await this.#records.storeAll('set', key, Buffer.from(version))
    const [first] = faults
    if (first !== undefined) throw incompleteClear(faults.length, faults.length + size, first.error)
  }

  async #read(name: string): Promise<string> {
    const key = recordKey(name)
    const now = performance.now()
    const found = await (this.#known.has(name) ? this.#records.read(key) : this.#records.readAll(key))
    this.#report(name, found)
    const newest = newestOf([this.#known.get(name)?.version, ...versionsOf(found)])
    if (newest !== undefined) await this.#repair(name, found.own, newest)
    return this.#learn(name, newest ?? (await this.#create(key, found)), now)
  }

  /** Creates the first version, or takes the one that another process creates meanwhile. */
  async #create(key: string, found: FoundRecords): Promise<string> {
    const version = newVersion(undefined)
    const bytes = Buffer.from(version)
    let { own } = found
    for (let attempt = 0; attempt < MAX_ATTEMPTS && own !== undefined; attempt++) {
      if (await this.#put(key, own, bytes)) break
      const again = await this.#records.read(key)
      const created = newestOf(versionsOf(again))
      if (created !== undefined) return created
      own = again.own
    }
    if (this.#records.serverCount > 1) await this.#records.storeAll('add', key, bytes)
    return version
  }

  /** Stores the newest version where the record is not the newest. What fails is done at the next read. */
  async #repair(name: string, own: FoundRecord | undefined, newest: string): Promise<void> {
    if (own === undefined) return
    const version = versionOf(own)
    // it may hold a newer version, after a clear(): what is known here must not undo that
    if (version === undefined && own.status !== 'missing') return
    if (version === newest && !(own.status === 'opened' && own.stale)) return
    const isOlder = own.status === 'missing' || (version !== undefined && version < newest)
    if (!isOlder && !this.#mayReplace(name)) return
    await this.#put(recordKey(name), own, Buffer.from(newest)).catch(() => false)
  }

  /** Stores a record in place of what was found, unless that has changed. @returns whether it was stored */
  async #put(key: string, found: FoundRecord, bytes: Buffer): Promise<boolean> {
    if (found.status === 'missing') return this.#records.add(key, bytes)
    return (await this.#records.replace(key, bytes, found.cas)) === 'stored'
  }

  /** During a rotation, processes with different primary keys would otherwise seal it again at every read. */
  #mayReplace(name: string): boolean {
    const now = performance.now()
    const last = this.#replaced.get(name)
    if (last !== undefined && now < last + REPLACE_PAUSE) return false
    this.#replaced.set(name, now)
    return true
  }

  /** @returns the newest version known, which may be newer than the one given */
  #learn(name: string, version: string, now: number): string {
    const known = this.#known.get(name)?.version
    const newest = known !== undefined && known > version ? known : version
    this.#known.set(name, { version: newest, until: now + this.#delay })
    return newest
  }

  #report(name: string, { all }: FoundRecords): void {
    const unreadable = all.find((record) => record.status !== 'missing' && versionOf(record) === undefined)
    if (unreadable === undefined || this.#reported.has(name)) return
    this.#reported.add(name)
    this.#onUnreadable(unreadableRecord(name, unreadable))
  }
}

function versionOf(record: FoundRecord): string | undefined {
  return record.status === 'opened' ? parseVersion(record.value) : undefined
}

function versionsOf({ all }: FoundRecords): (string | undefined)[] {
  return all.map(versionOf)
}

function unreadableRecord(name: string, record: FoundRecord): MemkeepError {
  const cause = record.status === 'unreadable' ? record.error : undefined
  const reason = cause === undefined ? 'It is malformed.' : cause.message
  return new MemkeepError(
    'ERR_MEMKEEP_RECORD_UNREADABLE',
    `The version of the namespace ${quoteName(name)} in memcached is unreadable and is replaced: values may miss until they are stored again. ${reason} If another service with different keys or another context uses this namespace, give it a namespace of its own.`,
    { cause },
  )
}

function incompleteClear(failed: number, servers: number, error: unknown): unknown {
  if (!(error instanceof MemkeepError)) return error
  return new MemkeepError(
    error.code,
    `clear() is incomplete: ${String(failed)} of ${String(servers)} servers did not store the new version of the namespace, so cleared values may be served again. Call clear() again when they are reachable. ${error.message}`,
    { cause: error },
  )
}
