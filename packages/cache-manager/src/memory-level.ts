import { Keyv, type KeyvStoreAdapter } from 'keyv'
import { LRUCache } from 'lru-cache'
import type { MemoryOptions } from './options.ts'

/**
 * A Keyv in the memory of the process. What it holds are texts, as memcached does, so that nobody changes an item by
 * changing what he got; none stays longer than `ttl`, whatever time to live it is stored with.
 */
export function memoryLevel({ max, ttl }: MemoryOptions): Keyv {
  const items = new LRUCache<string, string>({ max, ttl })
  const store: Pick<KeyvStoreAdapter, 'get' | 'set' | 'delete' | 'clear'> = {
    get: (key) => Promise.resolve(items.get(key) as undefined),
    set: (key, text: string, wanted = ttl) => {
      items.set(key, text, { ttl: Math.min(wanted, ttl) })
      return Promise.resolve(true)
    },
    delete: (key) => Promise.resolve(items.delete(key)),
    clear: () => {
      items.clear()
      return Promise.resolve()
    },
  }
  return new Keyv({ store })
}
