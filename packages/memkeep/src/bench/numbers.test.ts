import { describe, expect, it } from 'vitest'
import { parseNumbers } from './numbers.ts'

describe('parseNumbers', () => {
  it('reads one, or several', () => {
    expect(parseNumbers('sizes', '7')).toEqual([7])
    expect(parseNumbers('sizes', '100,10000')).toEqual([100, 10_000])
  })

  it.each(['', '0', '-1', '1.5', 'x', '1,', '1;2', 'Infinity'])(
    'refuses %j, and names the option',
    (list) => {
      expect(() => parseNumbers('sizes', list)).toThrow(/--sizes takes whole numbers from 1 on$/)
    },
  )

  it('refuses more than the most', () => {
    expect(parseNumbers('sizes', '10', 10)).toEqual([10])
    expect(() => parseNumbers('sizes', '11', 10)).toThrow(/from 1 to 10$/)
  })
})
