import { describe, expect, it } from 'vitest'
import { Health } from './health.ts'

const OPTIONS = { reconnectMinDelay: 10, reconnectMaxDelay: 100, ejectAfter: 3, ejectPause: 500 }
const error = new Error('refused')

describe('the health of a server', () => {
  it('has pauses between attempts that grow up to a bound, and start anew after a success', () => {
    const health = new Health({ ...OPTIONS, ejectAfter: 100 }, () => 1)
    expect(health.pause(0)).toBe(0)
    for (const bound of [10, 20, 40, 80, 100, 100]) {
      health.connectFailed(error, 1_000)
      expect(health.pause(1_000)).toBe(bound)
      expect(health.pause(1_000 + bound)).toBe(0)
    }
    health.connected()
    expect(health.pause(1_000)).toBe(0)
    health.connectFailed(error, 1_000)
    expect(health.pause(1_000)).toBe(10)
  })

  it.each([0, 0.25, 0.5, 0.999])('takes the part of a bound that was drawn: %d', (drawn) => {
    const health = new Health({ ...OPTIONS, ejectAfter: 100 }, () => drawn)
    for (const bound of [10, 20, 40, 80, 100]) {
      health.connectFailed(error, 7)
      expect(health.pause(7)).toBeCloseTo(drawn * bound, 9)
    }
  })

  it('stays within its bounds after any number of attempts', () => {
    const health = new Health({ ...OPTIONS, ejectAfter: Infinity }, () => 1)
    for (let attempt = 0; attempt < 3_000; attempt++) health.connectFailed(error, 0)
    expect(health.pause(0)).toBe(100)
  })

  it('leaves pauses as they are for faults of an open connection', () => {
    const health = new Health({ ...OPTIONS, ejectAfter: 100 }, () => 1)
    health.failed(error, 0)
    expect(health.pause(0)).toBe(0)
    health.connectFailed(error, 0)
    health.failed(error, 5)
    expect(health.pause(5)).toBe(5)
  })

  it('draws each pause from all that lies below its bound', () => {
    const health = new Health({ ...OPTIONS, ejectAfter: 100_000, reconnectMinDelay: 100 })
    const pauses = Array.from({ length: 1_000 }, () => {
      health.connectFailed(error, 0)
      return health.pause(0)
    })
    expect(Math.min(...pauses)).toBeLessThan(10)
    expect(Math.max(...pauses)).toBeGreaterThan(90)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(100)
  })

  it('ejects it after so many faults in a row, once, and for the pause at least', () => {
    const health = new Health(OPTIONS, () => 0)
    expect([health.failed(error, 0), health.connectFailed(error, 0), health.ejected]).toEqual([
      false,
      false,
      false,
    ])
    expect(health.failed(error, 0)).toBe(true)
    expect(health).toMatchObject({ ejected: true, faults: 3, lastError: error })
    expect(health.pause(0)).toBe(500)
    expect(health.connectFailed(error, 600)).toBe(false)
    expect(health.pause(600)).toBe(500)
  })

  it('counts only faults between which no reply came', () => {
    const health = new Health(OPTIONS, () => 0)
    for (let round = 0; round < 10; round++) {
      expect(health.failed(error, 0)).toBe(false)
      expect(health.failed(error, 0)).toBe(false)
      expect(health.answered()).toBe(false)
    }
  })

  it('prefers the longer of two pauses when it ejects', () => {
    const long = new Health(
      { ...OPTIONS, reconnectMinDelay: 2_000, reconnectMaxDelay: 2_000, ejectAfter: 1 },
      () => 1,
    )
    expect(long.connectFailed(error, 0)).toBe(true)
    expect(long.pause(0)).toBe(2_000)
  })

  it('knows the last fault, also of one that is out already', () => {
    const health = new Health({ ...OPTIONS, ejectAfter: 1 }, () => 0)
    expect(health.lastError).toBeUndefined()
    expect(health.failed(error, 0)).toBe(true)
    const other = new Error('reset')
    expect(health.failed(other, 0)).toBe(false)
    expect(health).toMatchObject({ lastError: other, faults: 2, ejected: true })
    health.answered()
    expect(health.faults).toBe(0)
  })

  it('takes it back in with a connection or a reply, and out again with the next fault', () => {
    const health = new Health({ ...OPTIONS, ejectAfter: 1 }, () => 0)
    health.failed(error, 0)
    expect(health.connected()).toBe(true)
    expect([health.ejected, health.pause(0), health.connected()]).toEqual([false, 0, false])
    expect(health.failed(error, 0)).toBe(true)
    expect(health.answered()).toBe(true)
    expect([health.ejected, health.pause(0)]).toEqual([false, 0])
  })
})
