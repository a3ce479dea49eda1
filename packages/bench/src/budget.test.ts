import { describe, expect, it } from 'vitest'
import { Budget } from './budget.ts'

/** Spends a budget on a clock of its own, with so many milliseconds between slices. */
function spend(slices: number, wanted: number, total: number | undefined, between: number): number[] {
  let time = 0
  const budget = new Budget({ slices, wanted, total, now: () => time })
  return Array.from({ length: slices }, () => {
    const slice = budget.nextSlice()
    time += slice + between
    return slice
  })
}

describe('Budget', () => {
  it('gives what is wanted where nothing limits it', () => {
    expect(spend(3, 300, undefined, 1_000)).toEqual([300, 300, 300])
  })

  it('gives no more than is wanted', () => {
    expect(spend(3, 300, 1_000_000, 0)).toEqual([300, 300, 300])
  })

  it('keeps to the total with everything between the slices', () => {
    const slices = spend(100, 300, 10_000, 40)
    expect(slices.reduce((sum, slice) => sum + slice + 40, 0)).toBeLessThanOrEqual(11_000)
    expect(Math.min(...slices)).toBeGreaterThanOrEqual(10)
  })

  it('never gives nothing', () => {
    expect(spend(5, 300, 100, 1_000).at(-1)).toBe(10)
  })
})
