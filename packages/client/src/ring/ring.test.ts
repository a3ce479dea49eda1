import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ketama } from './ketama.ts'
import { modulo } from './modulo.ts'
import type { RingServer } from './ring.ts'

const weight = fc.integer({ min: 1, max: 1000 })
const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 250 })

function serversOf(weights: readonly number[]): RingServer[] {
  return weights.map((weight, index) => ({ host: `cache${String(index)}`, port: 11211, weight }))
}

/** What every ring keeps to, whatever its hash. */
describe.each([
  ['ketama', ketama],
  ['modulo', modulo],
])('%s', (_name, ring) => {
  it('picks one of its servers, the same one each time, and from another ring of the same servers', () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 20 }), key, (weights, key) => {
        const made = ring(serversOf(weights))
        const index = made.pick(key)
        expect(serversOf(weights)[index]).toBeDefined()
        expect(made.pick(key)).toBe(index)
        expect(made.pick(key, () => true)).toBe(index)
        expect(ring(serversOf(weights)).pick(key)).toBe(index)
      }),
    )
  })

  it('takes a server that is up, and its own one when that is', () => {
    const serverStates = fc.array(fc.record({ weight, up: fc.boolean() }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(serverStates, key, (states, key) => {
        const made = ring(serversOf(states.map(({ weight }) => weight)))
        const isUp = (index: number): boolean => states[index]?.up === true
        const home = made.pick(key)
        const index = made.pick(key, isUp)
        if (states.every(({ up }) => !up)) expect(index).toBe(-1)
        else expect(isUp(index)).toBe(true)
        if (isUp(home)) expect(index).toBe(home)
      }),
    )
  })

  it('asks only about servers that it has', () => {
    const made = ring(serversOf([1000, 1, 1]))
    const asked = new Set<number>()
    made.pick('key', (index) => {
      asked.add(index)
      return false
    })
    expect([...asked].sort()).toEqual([0, 1, 2])
  })

  it('spreads the keys of a server that is down over the others', () => {
    const made = ring(serversOf([1, 1, 1, 1]))
    const keys = Array.from({ length: 4000 }, (_, i) => `key:${String(i)}`)
    const heirs = new Set(
      keys.filter((key) => made.pick(key) === 1).map((key) => made.pick(key, (i) => i !== 1)),
    )
    expect([...heirs].sort()).toEqual(ring === ketama ? [0, 2, 3] : [2])
  })

  it('has no server without servers', () => {
    expect(ring([]).pick('key')).toBe(-1)
    expect(ring([]).pick('key', () => true)).toBe(-1)
  })

  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 32])('refuses the weight %s', (wrong) => {
    expect(() => ring(serversOf([1, wrong]))).toThrow(RangeError)
    expect(() => ring(serversOf([1, wrong]))).toThrow(
      `servers[1].weight must be a whole number from 1 to 4294967295, not ${String(wrong)}`,
    )
  })
})
