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
