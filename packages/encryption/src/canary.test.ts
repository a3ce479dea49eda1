import { describe, expect, test, vi } from 'vitest'
import { encryption, Keyring, type CanaryCache, type EncryptionLayer } from './index.ts'

/** What a client does with a layer, on a store of one's own. */
function cacheWith(layer: EncryptionLayer, store: Map<string, Buffer>, namespace = ''): CanaryCache {
  const name = (key: string): string => `${namespace}${key}`
  layer.usePrefix(namespace)
  return {
    get: async (key) => {
      const value = store.get(layer.mapKey(name(key)))
      const decoded = value && layer.decode({ key: name(key), value, flags: 0 })
      return Promise.resolve(decoded?.value)
    },
    set: async (key, value, { ttl }) => {
      const expiresAt = Date.now() + ttl * 1000
      const stored = layer.encode({ key: name(key), value, flags: 0, expiresAt })
      store.set(layer.mapKey(name(key)), stored.value)
      return Promise.resolve(true)
    },
  }
}

const [one, two] = [Keyring.generate(), Keyring.generate()]
const both = Keyring.fromText(`${one.exportText()} ${two.exportText()}`)

describe('verifyPeers', () => {
  test('agrees when nobody was here, and with whoever has the same keys', async () => {
    const store = new Map<string, Buffer>()
    const [first, second] = [encryption({ keyring: one }), encryption({ keyring: one, bindExpiry: true })]
    expect(await first.verifyPeers(cacheWith(first, store))).toEqual({
      agreed: true,
      peer: undefined,
      problem: undefined,
    })
    expect(await second.verifyPeers(cacheWith(second, store))).toEqual({
      agreed: true,
      peer: { primaryId: one.primaryId, ids: one.ids },
      problem: undefined,
    })
  })

  test('tells of a service whose values are refused for having no expiry bound', async () => {
    const store = new Map<string, Buffer>()
    const [loose, strict] = [
      encryption({ keyring: one }),
      encryption({ keyring: one, bindExpiry: 'required' }),
    ]
    await loose.verifyPeers(cacheWith(loose, store))
    const report = await strict.verifyPeers(cacheWith(strict, store))
    expect(report).toMatchObject({ agreed: false, peer: undefined })
    expect(report.problem).toContain('set bindExpiry in every writer')
    expect(await strict.verifyPeers(cacheWith(strict, store))).toMatchObject({ agreed: true })
  })

  test('tells of a service with another key, whoever comes first, by ids alone', async () => {
    const store = new Map<string, Buffer>()
    const [mine, theirs] = [encryption({ keyring: one }), encryption({ keyring: two })]
    await theirs.verifyPeers(cacheWith(theirs, store))
    for (const [layer, other] of [
      [mine, two],
      [theirs, one],
    ] as const) {
      const report = await layer.verifyPeers(cacheWith(layer, store))
      expect(report).toMatchObject({ agreed: false, peer: undefined })
      expect(report.problem).toContain(other.primaryId)
    }
  })

  test('tells of a service that cannot read what is sealed here', async () => {
    const store = new Map<string, Buffer>()
    const [behind, promoted] = [encryption({ keyring: two }), encryption({ keyring: both })]
    await behind.verifyPeers(cacheWith(behind, store))
    const report = await promoted.verifyPeers(cacheWith(promoted, store))
    expect(report).toMatchObject({ agreed: false, peer: { primaryId: two.primaryId } })
    expect(report.problem).toContain(`distribute ${both.primaryId}`)
  })

  test('is read and written whatever the options hide, leave plain or serve', async () => {
    const store = new Map<string, Buffer>()
    for (const options of [
      { keyNames: 'hmac' },
      { plainKeys: () => true },
      { migration: 'write-plaintext' },
      { onFailure: 'throw' },
    ] as const) {
      const layer = encryption({ keyring: one, ...options })
      expect(await layer.verifyPeers(cacheWith(layer, store, 'ns:'))).toMatchObject({ agreed: true })
      expect([...store.keys()]).toEqual(['ns:memkeep-canary'])
      expect(store.get('ns:memkeep-canary')?.includes(one.primaryId)).toBe(false)
    }
  })

  test('cannot be forged in plaintext, whatever the migration', async () => {
    for (const migration of ['read-plaintext', 'write-plaintext'] as const) {
      const layer = encryption({ keyring: one, migration })
      const forged = JSON.stringify({ primaryId: one.primaryId, ids: one.ids })
      const store = new Map([['memkeep-canary', Buffer.from(forged)]])
      expect(await layer.verifyPeers(cacheWith(layer, store))).toMatchObject({ agreed: false })
    }
  })

  test('makes no other key special: not one that ends as the canary does, nor that of another prefix', () => {
    const key = 'tries:bob-memkeep-canary'
    const hidden = encryption({ keyring: one, keyNames: 'hmac' })
    hidden.usePrefix('ns:')
    for (const each of [key, 'other:memkeep-canary', 'ns:x-memkeep-canary']) {
      expect(hidden.mapKey(each)).not.toContain('canary')
    }
    const counting = encryption({ keyring: one, plainKeys: () => true })
    expect(counting.refuses('increment', key)).toBeUndefined()
    expect(counting.refuses('increment', 'memkeep-canary')).toBeDefined()
    const layer = encryption({ keyring: one })
    expect(layer.decode({ key, value: Buffer.from('garbage'), flags: 0 })).toBeUndefined()
  })

  test('does not fail those who read its key where what does not open is a miss', async () => {
    const store = new Map([['memkeep-canary', Buffer.from('planted')]])
    const layer = encryption({ keyring: one })
    const cache = cacheWith(layer, store)
    expect(await cache.get('memkeep-canary')).toBeUndefined()
    expect(await layer.verifyPeers(cache)).toMatchObject({ agreed: false })
    store.set('memkeep-canary', Buffer.from('planted'))
    await cache.get('memkeep-canary')
    store.delete('memkeep-canary')
    expect(await layer.verifyPeers(cache)).toMatchObject({ agreed: true, peer: undefined })
  })

  test('asks for services of the same context', async () => {
    const store = new Map<string, Buffer>()
    const [shop, billing] = [
      encryption({ keyring: one, context: 'shop' }),
      encryption({ keyring: two, context: 'billing' }),
    ]
    for (const layer of [shop, billing, shop]) {
      expect(await layer.verifyPeers(cacheWith(layer, store))).toMatchObject({ agreed: true })
    }
    expect(store.size).toBe(2)
  })

  test('takes a word whose day has passed for none', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const store = new Map<string, Buffer>()
      const layer = encryption({ keyring: one, bindExpiry: true })
      await layer.verifyPeers(cacheWith(layer, store))
      vi.setSystemTime(Date.now() + 86_400_000)
      expect(await layer.verifyPeers(cacheWith(layer, store))).toMatchObject({
        agreed: true,
        peer: undefined,
      })
    } finally {
      vi.useRealTimers()
    }
  })

  test('tells of something else under its key', async () => {
    const layer = encryption({ keyring: one })
    const store = new Map([['memkeep-canary', Buffer.from('plain')]])
    expect(await layer.verifyPeers(cacheWith(layer, store))).toMatchObject({ agreed: false })
    const cache = cacheWith(layer, store)
    const hex = '"0123abcd"'
    for (const word of [
      ...['no JSON', '{}', '{"primaryId":1,"ids":[]}', `{"primaryId":${hex},"ids":[1]}`, 'null'],
      ...[`{"primaryId":${hex},"ids":[]}`, `{"primaryId":${hex},"ids":[${hex},"\\u001b[31mred"]}`],
      `{"primaryId":"0123abcg","ids":["0123abcg"]}`,
    ]) {
      await cache.set('memkeep-canary', Buffer.from(word), { ttl: 60 })
      const report = await layer.verifyPeers(cache)
      expect(report).toMatchObject({ agreed: false, peer: undefined })
      expect(report.problem).toContain('memkeep-canary')
    }
  })

  test('rejects with what the cache rejects with', async () => {
    const layer = encryption({ keyring: one })
    const down = new Error('the server is down')
    const cache = { get: () => Promise.reject(down), set: () => Promise.resolve(true) }
    await expect(layer.verifyPeers(cache)).rejects.toBe(down)
  })
})
