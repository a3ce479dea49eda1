import { describe, expect, it } from 'vitest'
import { medianOf, percentileOf, spreadOf, summarize } from './stats.ts'

describe('medianOf', () => {
  it('is the middle, or the mean of the two in the middle', () => {
    expect(medianOf([3, 1, 2])).toBe(2)
    expect(medianOf([4, 1, 3, 2])).toBe(2.5)
    expect(medianOf([7])).toBe(7)
  })

  it('compares numbers, not their text', () => {
    expect(medianOf([10, 9, 100])).toBe(10)
  })

  it('is NaN of nothing', () => {
    expect(medianOf([])).toBeNaN()
  })
})

describe('summarize', () => {
  it('says the middle, the quartiles and the ends', () => {
    expect(summarize([5, 1, 3])).toEqual({ median: 3, lower: 1, upper: 5, min: 1, max: 5 })
    expect(summarize([5, 1, 4, 9, 3])).toEqual({ median: 4, lower: 3, upper: 5, min: 1, max: 9 })
    expect(summarize([7])).toEqual({ median: 7, lower: 7, upper: 7, min: 7, max: 7 })
  })

  it('refuses nothing', () => {
    expect(() => summarize([])).toThrow(RangeError)
  })
})

describe('spreadOf', () => {
  it('is half of what is between the quartiles as a share of the median', () => {
    expect(spreadOf({ median: 100, lower: 90, upper: 110, min: 0, max: 900 })).toBeCloseTo(0.1)
    expect(spreadOf(summarize([100]))).toBe(0)
  })
})

describe('percentileOf', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1)

  it('is the nearest rank', () => {
    expect(percentileOf(hundred, 50)).toBe(50)
    expect(percentileOf(hundred, 99)).toBe(99)
    expect(percentileOf([1, 2, 3], 50)).toBe(2)
    expect(percentileOf([1, 2, 3], 99)).toBe(3)
  })

  it('is NaN of nothing', () => {
    expect(percentileOf([], 50)).toBeNaN()
  })
})
