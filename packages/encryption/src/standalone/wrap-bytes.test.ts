import { describe, expect, test } from 'vitest'
import { Keyring, wrapBytes } from '../index.ts'

const keyring = Keyring.generate()
const value = Buffer.from('a private value')

describe('a cache that answers at once', () => {
  const map = new Map<string, Buffer>()
  const cache = wrapBytes(map, { keyring, context: 'in memory' })

  test('keeps sealed values', () => {
    cache.set('k', value)
    expect(map.get('k')?.includes('private')).toBe(false)
    const opened: Buffer | undefined = cache.get('k')
    expect(opened).toEqual(value)
    expect(cache.get('absent')).toBeUndefined()
  })

  test('takes any Uint8Array, and no other view', () => {
    cache.set('k', new Uint8Array([9, 1, 2]).subarray(1))
    expect(cache.get('k')).toEqual(Buffer.of(1, 2))
    expect(() => {
      cache.set('k', new Float64Array(1) as never)
    }).toThrow('pass new Uint8Array(')
    map.set('k', 'text' as never)
    expect(() => cache.get('k')).toThrow('a cache of bytes')
  })

  test('misses what was moved, changed, planted or cut, and what belongs to another cache', () => {
    cache.set('a', Buffer.from('one'))
    const sealed = map.get('a') ?? Buffer.alloc(0)
    for (const found of [Buffer.from('planted'), sealed.subarray(0, -1), Buffer.alloc(0)]) {
      map.set('a', found)
      expect(cache.get('a')).toBeUndefined()
    }
    map.set('b', sealed)
    expect(cache.get('b')).toBeUndefined()
    map.set('a', sealed)
    expect(cache.get('a')?.toString()).toBe('one')
    expect(wrapBytes(map, { keyring, context: 'elsewhere' }).get('a')).toBeUndefined()
    expect(() => wrapBytes(map, { keyring, onFailure: 'throw' }).get('a')).toThrow(
      expect.objectContaining({ code: 'ERR_MEMKEEP_DECRYPT_FAILED' }) as Error,
    )
  })
})

describe('a cache that answers later', () => {
  class Later {
    readonly kept = new Map<string, Uint8Array>()
    readonly ttls: number[] = []

    async get(key: string): Promise<Uint8Array | null> {
      return Promise.resolve(this.kept.get(key) ?? null)
    }

    async set(key: string, bytes: Uint8Array, ttl: number): Promise<'OK'> {
      this.kept.set(key, new Uint8Array(bytes))
      this.ttls.push(ttl)
      return Promise.resolve('OK')
    }
  }

  test('is waited for, takes its other arguments, and may hold any array of bytes', async () => {
    const later = new Later()
    const cache = wrapBytes(later, { keyring, compress: true })
    const stored: 'OK' = await cache.set('k', value, 60)
    expect([stored, ...later.ttls]).toEqual(['OK', 60])
    const opened: Buffer | undefined = await cache.get('k')
    expect(opened).toEqual(value)
    expect(await cache.get('absent')).toBeUndefined()
    later.kept.set('k', new Uint8Array(60))
    expect(await cache.get('k')).toBeUndefined()
  })
})

test('options that need more than key and value are refused', () => {
  for (const wrong of [{ keyNames: 'hmac' }, { bindExpiry: true }, { rewrap: true }, { contxt: 'x' }]) {
    expect(() => wrapBytes(new Map<string, Buffer>(), { keyring, ...wrong })).toThrow(TypeError)
  }
})
