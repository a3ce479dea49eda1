import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Refusals } from './refusals.ts'

describe('Refusals', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('pause longer every time, up to a minute, each server and version for itself', () => {
    const refusals = new Refusals()
    const pauses: number[] = []
    for (let time = 0; time < 12; time++) {
      refusals.note('one', 1, new Error('no'))
      const pause = refusals.pause('one', 1)
      pauses.push(pause)
      vi.advanceTimersByTime(pause)
      expect(refusals.pause('one', 1)).toBe(0)
    }
    pauses.forEach((pause, time) => {
      const bound = Math.min(60_000, 1000 * 2 ** time)
      expect(pause).toBeLessThanOrEqual(bound)
      expect(pause).toBeGreaterThanOrEqual(bound * 0.75)
    })
    expect(refusals.pause('two', 1)).toBe(0)
    expect(refusals.pause('one', 2)).toBe(0)
  })

  it('are forgotten when the server takes them, or there are others', () => {
    const refusals = new Refusals()
    refusals.note('one', 1, new Error('no'))
    refusals.forget('one', 1)
    expect(refusals.pause('one', 1)).toBe(0)
    refusals.note('one', 1, new Error('no'))
    refusals.clear()
    expect(refusals.pause('one', 1)).toBe(0)
  })
})
