import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { encryption, Keyring, type EncryptionFailure, type EncryptionOptions } from '@memkeep/encryption'
import {
  eventually,
  findServerFeatures,
  startMemcached,
  startRelay,
  type MemcachedServer,
} from '@memkeep/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemcachedClient, type MemcachedClientOptions } from './index.ts'

const { metaCommands, protocols } = await findServerFeatures()

let server: MemcachedServer
beforeAll(async () => {
  server = await startMemcached('plain')
})
afterAll(() => server.stop())

const failures: EncryptionFailure[] = []
const note = (message: unknown): void => void failures.push(message as EncryptionFailure)
beforeEach(() => {
  failures.length = 0
  subscribe('memkeep:encryption:failure', note)
})
afterEach(() => {
  unsubscribe('memkeep:encryption:failure', note)
  vi.useRealTimers()
})

const keyring = Keyring.generate()
let names = 0
const newName = (): string => `key${String(names++)}`

const sealing = (
  options: Partial<EncryptionOptions> = {},
  client: Partial<MemcachedClientOptions> = {},
): MemcachedClient =>
  new MemcachedClient({
    servers: server.address,
    middleware: [encryption({ keyring, ...options })],
    ...client,
  })
const stranger = (): MemcachedClient => new MemcachedClient({ servers: server.address })

describe.each(protocols)('over %s', (protocol) => {
  it('every command that stores and reads works on sealed values', async () => {
    await using client = sealing({ bindExpiry: true }, { protocol, ttl: 60 })
    const [one, two] = [newName(), newName()]
    expect(await client.add(one, 'first')).toBe(true)
    expect(await client.replace(one, 'second', { flags: 9 })).toBe(true)
    const item = await client.gets(one)
    expect(item).toMatchObject({ value: Buffer.from('second'), flags: 9 })
    expect(
      await client.cas(one, 'third', item?.cas ?? 0n, { expiresAt: new Date(Date.now() + 60_000) }),
    ).toBe('stored')
    expect(await client.set(two, Buffer.alloc(0), { ttl: 3 })).toBe(true)
    expect([...(await client.getMany([one, two, 'absent'])).values()].map(String)).toEqual(['third', ''])
    expect(await client.delete(one)).toBe(true)
    expect(await client.get(one)).toBeUndefined()
    expect(failures).toEqual([])
  })

  it('what would work on sealed bytes is refused before a byte is sent', async () => {
    await using relay = await startRelay(server)
    await using client = sealing({ bindExpiry: true }, { protocol, servers: relay.address })
    const key = newName()
    await client.set(key, '1', { ttl: 60 })
    relay.reset()
    for (const refused of [
      () => client.append(key, 'x'),
      () => client.prepend(key, 'x'),
      () => client.increment(key, { initial: 1 }),
      () => client.decrement(key),
      () => client.touch(key, { ttl: 60 }),
      () => client.getAndTouch(key, { ttl: 60 }),
    ]) {
      await expect(refused()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_UNSUPPORTED_OPERATION' })
    }
    await expect(client.set(key, 'no ttl')).rejects.toThrow('give it a ttl')
    expect(relay.sent()).toHaveLength(0)
    expect((await client.get(key))?.toString()).toBe('1')
  })

  it('plain keys are counted and appended to, as strangers do', async () => {
    const key = `plain:${newName()}`
    await using client = sealing({ plainKeys: (name) => name.startsWith('plain:') }, { protocol })
    await using other = stranger()
    expect(await client.increment(key, { initial: 5 })).toBe(5n)
    expect(await other.increment(key)).toBe(6n)
    expect(await client.append(key, '0')).toBe(true)
    expect((await client.get(key))?.toString()).toBe('60')
    expect(await client.touch(key, { ttl: 60 })).toBe(true)
    const sealed = newName()
    await client.set(sealed, '1')
    await expect(client.increment(sealed)).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_UNSUPPORTED_OPERATION',
    })
  })
})

describe('someone who can write to the server', () => {
  it('cannot swap two values', async () => {
    await using client = sealing()
    await using attacker = stranger()
    const [one, two] = [newName(), newName()]
    await client.set(one, 'mine')
    await client.set(two, 'ours')
    const [first, second] = [await attacker.get(one), await attacker.get(two)]
    await attacker.set(one, second ?? '')
    await attacker.set(two, first ?? '')
    expect(await client.get(one)).toBeUndefined()
    expect((await client.getMany([one, two])).size).toBe(0)
    expect(failures.map(({ code }) => code)).toEqual(Array<string>(3).fill('ERR_MEMKEEP_DECRYPT_FAILED'))
  })

  it('cannot change the flags of a value, nor hand it to another tenant', async () => {
    await using client = sealing({ context: 'tenant-a' })
    await using tenant = sealing({ context: 'tenant-b' })
    await using attacker = stranger()
    const key = newName()
    await client.set(key, 'mine', { flags: 1 })
    expect(await tenant.get(key)).toBeUndefined()
    const item = await attacker.gets(key)
    await attacker.set(key, item?.value ?? '', { flags: 2 })
    expect(await client.get(key)).toBeUndefined()
    await attacker.set(key, item?.value ?? '', { flags: 1 })
    expect((await client.get(key))?.toString()).toBe('mine')
  })

  it('can put back an old value of the same key, but with a bound expiry only until its end', async () => {
    await using attacker = stranger()
    for (const bindExpiry of [false, true]) {
      vi.useFakeTimers({ toFake: ['Date'] })
      await using client = sealing({ bindExpiry })
      const key = newName()
      await client.set(key, 'the old password', { ttl: 60 })
      const old = (await attacker.get(key)) ?? ''
      await client.set(key, 'the new password', { ttl: 60 })
      await attacker.set(key, old)
      expect((await client.get(key))?.toString()).toBe('the old password')
      vi.setSystemTime(Date.now() + 60_000)
      expect((await client.get(key))?.toString()).toBe(bindExpiry ? undefined : 'the old password')
    }
    expect(failures.map(({ code }) => code)).toEqual(['ERR_MEMKEEP_ENVELOPE_EXPIRED'])
  })

  it('can put back a value from before expiries were bound, unless they are required', async () => {
    await using attacker = stranger()
    for (const bindExpiry of [true, 'required'] as const) {
      const key = newName()
      await using before = sealing()
      await using client = sealing({ bindExpiry })
      await before.set(key, 'the old password')
      const old = (await attacker.get(key)) ?? ''
      await client.set(key, 'the new password', { ttl: 60 })
      await attacker.set(key, old)
      expect((await client.get(key))?.toString()).toBe(bindExpiry === true ? 'the old password' : undefined)
    }
    expect(failures.map(({ code }) => code)).toEqual(['ERR_MEMKEEP_ENVELOPE_NO_EXPIRY'])
  })

  it('cannot plant a plain value, nor one of a version to come', async () => {
    await using client = sealing()
    await using attacker = stranger()
    const key = newName()
    await attacker.set(key, 'planted')
    expect(await client.get(key)).toBeUndefined()
    await client.set(key, 'mine')
    const sealed = (await attacker.get(key)) ?? Buffer.alloc(0)
    await attacker.set(key, Buffer.from(sealed).fill(2, 2, 3))
    expect(await client.get(key)).toBeUndefined()
    expect(failures.map(({ code }) => code)).toEqual([
      'ERR_MEMKEEP_ENVELOPE_FOREIGN',
      'ERR_MEMKEEP_ENVELOPE_UNSUPPORTED',
    ])
  })

  it('sees neither values nor, where they are hidden, key names', async () => {
    await using relay = await startRelay(server)
    await using client = sealing({ keyNames: { prefix: 'shop:' } }, { servers: relay.address })
    const key = 'alice@example.org has a space, and is longer than a key may be'.padEnd(400, '.')
    await client.set(key, 'a private value')
    expect((await client.get(key))?.toString()).toBe('a private value')
    expect([...(await client.getMany([key])).keys()]).toEqual([key])
    expect(relay.saw('shop:')).toBe(true)
    for (const secret of ['alice', 'example', 'private']) expect(relay.saw(secret)).toBe(false)
  })
})

it('a cache is migrated from plain to sealed values while old and new processes run', async () => {
  await using plain = stranger()
  const [early, late] = [newName(), newName()]
  await plain.set(early, 'plain')
  await using first = sealing({ migration: 'write-plaintext' })
  await first.set(late, 'still plain')
  expect((await plain.get(late))?.toString()).toBe('still plain')
  await using second = sealing({ migration: 'read-plaintext' })
  await second.set(late, 'sealed')
  expect((await first.get(late))?.toString()).toBe('sealed')
  expect((await second.get(early))?.toString()).toBe('plain')
  await using strict = sealing()
  expect(await strict.get(early)).toBeUndefined()
  expect((await strict.get(late))?.toString()).toBe('sealed')
})

it('values that an older key sealed are stored anew when they are read, for the time that they have left', async () => {
  const fresh = Keyring.generate()
  // where the server does not report the time that is left, the value itself has to
  const bindExpiry = !metaCommands
  const both = Keyring.fromText(`${fresh.exportText()} ${keyring.exportText()}`)
  await using old = sealing({ bindExpiry })
  const keys = Array.from({ length: 50 }, newName)
  await Promise.all(keys.map((key) => old.set(key, key, { ttl: 100 })))
  await using client = sealing({ keyring: both, rewrap: true, bindExpiry })
  expect((await client.getMany(keys)).size).toBe(50)
  await using retired = sealing({ keyring: fresh, bindExpiry })
  await eventually(async () => {
    expect((await retired.getMany(keys)).size).toBe(50)
  })
})

it('services tell whether their keys fit', async () => {
  const other = Keyring.generate()
  const mine = encryption({ keyring, context: 'canary' })
  const theirs = encryption({ keyring: other, context: 'canary', bindExpiry: true, keyNames: 'hmac' })
  await using here = new MemcachedClient({ servers: server.address, middleware: [mine], namespace: 'a' })
  await using there = new MemcachedClient({ servers: server.address, middleware: [theirs], namespace: 'a' })
  expect(await mine.verifyPeers(here)).toMatchObject({ agreed: true, peer: undefined })
  const report = await theirs.verifyPeers(there)
  expect(report).toMatchObject({ agreed: false })
  expect(report.problem).toContain(keyring.primaryId)
  expect(await mine.verifyPeers(here)).toMatchObject({ agreed: false })
  expect(await mine.verifyPeers(here)).toMatchObject({ agreed: true, peer: { primaryId: keyring.primaryId } })
})

it.each([
  ['hidden names', { keyNames: 'hmac' }],
  ['plain keys', { plainKeys: () => true }],
  ['plain values', { migration: 'read-plaintext' }],
] as const)('only the canary of its own namespace is special to a client with %s', async (_, options) => {
  const layer = encryption({ keyring, ...options })
  const space = newName()
  const servers = server.address
  await using client = new MemcachedClient({ servers, middleware: [layer], namespace: space })
  await using attacker = stranger()
  const forged = JSON.stringify({ primaryId: keyring.primaryId, ids: keyring.ids })
  await layer.verifyPeers(client)
  const canary = 'memkeep-canary'
  expect(await attacker.get(`${space}:${canary}`)).toBeDefined()
  await attacker.set(`${space}:${canary}`, forged)
  expect(await client.get(canary)).toBeUndefined()
  expect(await layer.verifyPeers(client)).toMatchObject({ agreed: false, peer: undefined })
  expect((await attacker.get(`${space}:${canary}`))?.includes(keyring.primaryId)).toBe(false)
  const similar = `tries:bob-${canary}`
  await client.set(similar, '1')
  expect(await attacker.get(`${space}:${similar}`)).toEqual(
    'keyNames' in options ? undefined : expect.any(Buffer),
  )
  if ('plainKeys' in options) expect(await client.increment(similar)).toBe(2n)
})
