import { MemcachedClient, type OnServerDown } from '@memkeep/client'
import { encryption, Keyring } from '@memkeep/encryption'
import { startFaultProxy, startMemcached, type FaultProxy } from '@memkeep/testkit'
import { Keyv } from 'keyv'
import { afterEach, describe, expect, it } from 'vitest'
import { KeyvMemcached } from './keyv-memcached.ts'
import { recordKey } from './names.ts'

const KEYS = Array.from({ length: 30 }, (_, index) => `key${String(index)}`)
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Servers behind proxies, by which they can be away and come back with all that they hold. */
async function startServers(count: number): Promise<readonly FaultProxy[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const server = await startMemcached('plain')
      const proxy = await startFaultProxy(server)
      cleanups.push(async () => {
        await proxy.close()
        await server.stop()
      })
      return proxy
    }),
  )
}

function leave(server: FaultProxy): void {
  server.setMode('refuse')
  server.reset()
}

/** The adapter of a process of its own, which reads the record before every call. */
function newProcess(servers: readonly FaultProxy[], onServerDown: OnServerDown = 'error'): KeyvMemcached {
  const store = new KeyvMemcached({
    servers: servers.map(({ address }) => address),
    namespace: 'users',
    clearDelay: 0,
    onServerDown,
    ejectAfter: 1,
  })
  cleanups.push(() => store.disconnect())
  return store
}

async function fill(store: KeyvMemcached): Promise<void> {
  for (const key of KEYS) expect(await store.set(key, 'old')).toBe(true)
}

/** Whether `clear()` resolves. */
async function clears(store: KeyvMemcached): Promise<boolean> {
  return store.clear().then(
    () => true,
    () => false,
  )
}

/** What is read of all keys; a call that fails reads nothing. */
async function readAll(store: KeyvMemcached): Promise<Set<unknown>> {
  const values = await Promise.all(KEYS.map((key) => store.get(key).catch(() => undefined)))
  return new Set<unknown>(values)
}

/** The server that the record of the namespace belongs to. */
async function ownerOf(servers: readonly FaultProxy[]): Promise<FaultProxy> {
  const name = recordKey('users')
  const client = new MemcachedClient({ servers: servers.map(({ address }) => address) })
  await client.set(name, 'x')
  await client.close()
  const found = await Promise.all(
    servers.map(async (server) => {
      const one = new MemcachedClient({ servers: server.address })
      const deleted = await one.delete(name)
      await one.close()
      return deleted ? [server] : []
    }),
  )
  const [owner] = found.flat()
  if (owner === undefined) throw new Error('no server has the record')
  return owner
}

describe('clear()', () => {
  it('is undone by no server that was away, came back, was added or removed, once it resolves', async () => {
    const servers = await startServers(3)
    const owner = await ownerOf(servers)
    const others = servers.filter((server) => server !== owner)
    const store = newProcess(servers, 'rehash')
    await fill(store)
    await store.clear()
    leave(owner)
    expect(await readAll(store)).toEqual(new Set([undefined]))
    expect(await readAll(newProcess(servers, 'rehash'))).toEqual(new Set([undefined]))
    owner.setMode('pass')
    for (const some of [servers, others, [owner]]) {
      expect(await readAll(newProcess(some, 'rehash'))).toEqual(new Set([undefined]))
      expect(await readAll(store)).toEqual(new Set([undefined]))
    }
  })

  it.each<OnServerDown>(['error', 'miss', 'rehash'])(
    'with onServerDown: %s, rejects while a server is away, and is done when it is called again',
    async (onServerDown) => {
      const servers = await startServers(2)
      const owner = await ownerOf(servers)
      const store = newProcess(servers, onServerDown)
      await fill(store)
      leave(owner)
      await expect(store.clear()).rejects.toThrow('Call clear() again')
      expect(await readAll(store)).toEqual(new Set([undefined]))
      owner.setMode('pass')
      while (!(await clears(store)));
      expect(await readAll(store)).toEqual(new Set([undefined]))
      expect(await readAll(newProcess(servers, onServerDown))).toEqual(new Set([undefined]))
    },
  )

  it('is emitted as an error of Keyv when it is not done', async () => {
    const store = new KeyvMemcached({ servers: '127.0.0.1:1', onServerDown: 'miss', timeout: 200 })
    cleanups.push(() => store.disconnect())
    const cache = new Keyv({ store, namespace: 'users' })
    const errors: unknown[] = []
    cache.on('error', (error: unknown) => errors.push(error))
    await cache.clear()
    expect(errors).toHaveLength(1)
    const strict = new Keyv({ store: new KeyvMemcached({ servers: '127.0.0.1:1' }), throwOnErrors: true })
    cleanups.push(() => strict.disconnect())
    strict.on('error', () => undefined)
    await expect(strict.clear()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_CONNECT_FAILED' })
  })
})

describe('a process', () => {
  it('does not return to an older record, and puts the newer one back', async () => {
    await using server = await startMemcached('plain')
    const raw = new MemcachedClient({ servers: server.address })
    const sealing = new MemcachedClient({
      servers: server.address,
      middleware: [encryption({ keyring: Keyring.generate() })],
    })
    cleanups.push(
      () => raw.close(),
      () => sealing.close(),
    )
    for (const client of [raw, sealing]) {
      const namespace = client === raw ? 'plain' : 'sealed'
      const store = new KeyvMemcached({ client, namespace, clearDelay: 0 })
      await store.set('session', 'revoked')
      const before = await raw.get(recordKey(namespace))
      await store.clear()
      if (before === undefined) throw new Error('there is no record')
      await raw.set(recordKey(namespace), before)
      expect(await store.get('session')).toBeUndefined()
      expect(await new KeyvMemcached({ client, namespace, clearDelay: 0 }).get('session')).toBeUndefined()
    }
  })

  it('does not depend on the one server that has the record', async () => {
    const servers = await startServers(3)
    const owner = await ownerOf(servers)
    const store = newProcess(servers, 'miss')
    await fill(store)
    leave(owner)
    const values = await readAll(store)
    expect(values.has('old')).toBe(true)
    // a new process too
    expect((await readAll(newProcess(servers, 'miss'))).has('old')).toBe(true)
  })
})
