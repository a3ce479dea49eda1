import { MemcacheClient, type MultiRetrievalResponse, type RetrievalCommandResponse } from 'memcache-client'
import type { Client } from 'memkeep/internal/bench'
import { CLIENT_TIMEOUT, onlyServer, PLAIN, type Contestant } from './contestant.ts'

type Got = RetrievalCommandResponse<Buffer> | undefined

/** https://www.npmjs.com/package/memcache-client */
export const MEMCACHE_CLIENT: readonly Contestant[] = [false, true].map((tls) => ({
  name: tls ? 'memcache-client TLS' : 'memcache-client plain',
  kind: 'peer',
  package: 'memcache-client',
  layers: { ...PLAIN, tls },
  form: 'buffer',
  open: (target): Promise<Client> =>
    Promise.resolve(
      asClient(
        new MemcacheClient({
          server: onlyServer(target).address,
          cmdTimeout: CLIENT_TIMEOUT,
          ...(tls && { tls: { ca: target.ca } }),
        }),
      ),
    ),
}))

/** A memcache-client, the hardened one too, as the bench uses it. */
export function asClient(
  client: MemcacheClient,
): Client<Got, Readonly<Record<string, Got>>, readonly string[]> {
  return {
    get: (key) => client.get<Buffer>(key),
    getMany: (keys) => client.get<MultiRetrievalResponse<Buffer>>([...keys]),
    // its values live for a minute unless told
    set: (key, value) => client.set(key, value, { lifetime: 0 }),
    valueOf: (reply) => reply?.value,
    valueIn: (replies, key) => replies[key]?.value,
    stored: (reply) => reply[0] === 'STORED',
    close: () => {
      client.shutdown()
      return Promise.resolve()
    },
  }
}
