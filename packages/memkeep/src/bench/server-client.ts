import { MemcachedClient, type Hardening } from '@memkeep/client'
import type { Client } from './client.ts'

/** Milliseconds that a command may take: a server under load is what is measured. */
const TIMEOUT = 10_000

/** The client that is measured. */
export interface ServerClient extends Client<Buffer | undefined, ReadonlyMap<string, Buffer>, boolean> {
  /** The version that the server says it has. @throws why it does not answer */
  version(): Promise<string>
  /** Removes keys, and says how many could not be. */
  remove(keys: readonly string[]): Promise<number>
}

/** Memkeep's client on a server of the user's. What it stores ends after `ttl` seconds. */
export function openServerClient(server: string, hardening: Hardening, ttl: number): ServerClient {
  const client = new MemcachedClient({ servers: server, ...hardening, ttl, timeout: TIMEOUT })
  return {
    get: (key) => client.get(key),
    getMany: (keys) => client.getMany(keys),
    set: (key, value) => client.set(key, value),
    valueOf: (reply) => reply,
    valueIn: (replies, key) => replies.get(key),
    stored: (reply) => reply,
    async version() {
      const versions = await client.version()
      const [fault] = versions.faults
      if (fault !== undefined) throw fault.error
      return [...versions.values()].join(', ')
    },
    async remove(keys) {
      const results = await Promise.allSettled(keys.map((key) => client.delete(key)))
      return results.filter(({ status }) => status === 'rejected').length
    },
    close: () => client.close(),
  }
}
