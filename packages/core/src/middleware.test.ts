import { describe, expect, it } from 'vitest'
import { composeMiddleware, type Middleware } from './middleware.ts'

const layer = (mark: string): Middleware => ({
  name: mark,
  mapKey: (key) => `${mark}${key}`,
  encode: (entry) => ({ ...entry, value: Buffer.concat([Buffer.from(mark), entry.value]) }),
  decode: (entry) =>
    entry.value.toString().startsWith(mark)
      ? { ...entry, value: entry.value.subarray(mark.length) }
      : undefined,
})

describe('composeMiddleware', () => {
  const pipeline = composeMiddleware([layer('a'), layer('b')])

  it('goes first to last on the way down and back the other way', () => {
    expect(pipeline.wireKey('k')).toBe('bak')
    const { value } = pipeline.encode({ key: 'k', value: Buffer.from('v'), flags: 0 })
    expect(value.toString()).toBe('bav')
    expect(pipeline.decode({ key: 'k', value, flags: 0 })?.toString()).toBe('v')
  })

  it('stops at the first layer that finds nothing', () => {
    expect(pipeline.decode({ key: 'k', value: Buffer.from('plain'), flags: 0 })).toBeUndefined()
  })

  it('checks the key that goes on the wire, after it was mapped', () => {
    const broken = composeMiddleware([{ name: 'broken', mapKey: (key) => `${key} 0 0` }])
    expect(() => broken.wireKey('k')).toThrow(
      expect.objectContaining({ code: 'ERR_MEMKEEP_INVALID_KEY' }) as Error,
    )
    const hashing = composeMiddleware([{ name: 'hashing', mapKey: () => 'hash' }])
    expect(hashing.wireKey('any string at all')).toBe('hash')
  })

  it('passes records through the layers that seal them, first to last and back, and through no other', () => {
    const sealing = (mark: string, stale = false): Middleware => ({
      ...layer('value'),
      sealRecord: ({ key, value }) => Buffer.concat([Buffer.from(mark + key), value]),
      openRecord: ({ key, value }) => ({ value: value.subarray(mark.length + key.length), stale }),
    })
    for (const stale of [false, true]) {
      const records = composeMiddleware([sealing('a'), layer('c'), sealing('b', stale)])
      const value = records.sealRecord({ key: 'k', value: Buffer.from('v') })
      expect(value.toString()).toBe('bkakv')
      expect(records.openRecord({ key: 'k', value })).toEqual({ value: Buffer.from('v'), stale })
    }
    const stored = Buffer.from('v')
    const { value } = pipeline.openRecord({
      key: 'k',
      value: pipeline.sealRecord({ key: 'k', value: stored }),
    })
    expect(value).toEqual(stored)
    expect(value.buffer).not.toBe(stored)
  })

  it('makes no key of what is no text', () => {
    for (const key of [7, null, undefined, ['k'], { toString: () => 'k' }, Symbol('k')]) {
      expect(() => pipeline.wireKey(key as string)).toThrow(
        expect.objectContaining({ code: 'ERR_MEMKEEP_INVALID_KEY' }) as Error,
      )
    }
  })

  it('says whether what is stored may be something else than the value', () => {
    expect(pipeline.transforms).toBe(true)
    expect(composeMiddleware([{ name: 'keys', mapKey: (key) => key }]).transforms).toBe(false)
    expect(composeMiddleware([{ name: 'reads', decode: (entry) => entry }]).transforms).toBe(true)
  })

  it('gives the caller memory of its own', () => {
    const received = Buffer.from('abvalue')
    for (const each of [composeMiddleware([]), composeMiddleware([layer('ab')])]) {
      const value = each.decode({ key: 'k', value: received, flags: 0 })
      const before = value?.toString()
      received.fill('!')
      expect(value?.toString()).toBe(before)
      received.write('abvalue')
    }
  })

  it('asks every layer whether an operation can be done, the first refusal first', () => {
    const refusing = (name: string): Middleware => ({
      name,
      refuses: (operation, key) => (key === 'plain' ? undefined : `${name} says no to ${operation}`),
    })
    const both = composeMiddleware([refusing('one'), refusing('two')])
    expect(both.refusal('touch', 'k')).toBe('one says no to touch')
    expect(both.refusal('touch', 'plain')).toBeUndefined()
  })

  it('refuses what works on stored bytes where a layer changes them without a word', () => {
    for (const operation of ['append', 'prepend', 'increment', 'decrement'] as const) {
      expect(pipeline.refusal(operation, 'k')).toContain('the middleware a changes the stored bytes')
    }
    for (const operation of ['touch', 'getAndTouch'] as const) {
      expect(pipeline.refusal(operation, 'k')).toBeUndefined()
    }
    expect(composeMiddleware([{ name: 'keys', mapKey: (key) => key }]).refusal('append', 'k')).toBeUndefined()
  })

  it('tells of a value that should be stored anew, and when it ends, whichever layer knows', () => {
    const below: Middleware = {
      name: 'below',
      decode: (entry) => ({ ...entry, expiresAt: 5, stale: entry.key === 'old' }),
    }
    const above: Middleware = { name: 'above', decode: ({ key, value, flags }) => ({ key, value, flags }) }
    const told: unknown[] = []
    const layers = composeMiddleware([above, below])
    for (const key of ['new', 'old']) {
      const entry = { key, value: Buffer.from('v'), flags: 0 }
      expect(layers.decode(entry, (...what) => told.push(what))?.toString()).toBe('v')
    }
    expect(told).toEqual([['old', 5]])
  })
})
