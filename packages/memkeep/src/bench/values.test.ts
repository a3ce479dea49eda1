import { describe, expect, it } from 'vitest'
import { countKeys, Values } from './values.ts'

describe.each(['buffer', 'string'] as const)('Values as %s', (form) => {
  it.each([10, 31, 100, 1_000, 10_000])('has %i bytes, all different', (size) => {
    const values = new Values(size, form)
    const all = Array.from({ length: values.count }, (_, index) => String(values.at(index)))
    expect(new Set(all).size).toBe(countKeys(size))
    for (const value of all) expect(Buffer.byteLength(value)).toBe(size)
  })

  it('knows its own', () => {
    const values = new Values(100, form)
    const value = values.at(7)
    expect(values.isRight(7, value)).toBe(true)
    if (form === 'buffer') expect(values.isRight(7, Buffer.from(value))).toBe(true)
  })

  it.each([10, 100, 10_000])('catches a swapped value of %i bytes', (size) => {
    const values = new Values(size, form)
    expect(values.isRight(7, values.at(8))).toBe(false)
  })

  it('catches a single wrong byte, wherever it is, and a wrong length', () => {
    const values = new Values(1_000, form)
    for (const position of [0, 15, 500, 999]) {
      const wrong = Buffer.from(String(values.at(7)))
      wrong[position] = 0
      expect(values.isRight(7, form === 'string' ? wrong.toString() : wrong)).toBe(false)
    }
    expect(values.isRight(7, values.at(7).slice(1))).toBe(false)
    expect(values.isRight(7, `${String(values.at(7))}x`)).toBe(false)
  })

  it.each([undefined, null, 7, {}])('catches %s', (value) => {
    expect(new Values(100, form).isRight(7, value)).toBe(false)
  })

  it.each([10, 100, 10_000])('of %i bytes is different once renewed', (size) => {
    const values = new Values(size, form)
    const before = values.at(7)
    values.renew()
    expect(values.isRight(7, before)).toBe(false)
    expect(values.isRight(7, values.at(7))).toBe(true)
  })
})

describe('Values', () => {
  it('takes what a client for buffers hands out for one', () => {
    const values = new Values(100, 'buffer')
    expect(values.isRight(7, new Uint8Array(Buffer.from(values.at(7))))).toBe(true)
    expect(values.isRight(7, String(values.at(7)))).toBe(false)
  })

  it('has no value beyond its last', () => {
    const values = new Values(100, 'buffer')
    expect(() => values.at(values.count)).toThrow(RangeError)
  })
})

describe('countKeys', () => {
  it('keeps large values few, and enough of 100 kB for a getMany of 100', () => {
    expect(countKeys(100)).toBe(1_000)
    expect(countKeys(100_000)).toBe(100)
    expect(countKeys(1_000_000)).toBe(10)
  })
})
