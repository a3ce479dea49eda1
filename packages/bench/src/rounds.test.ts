import { describe, expect, it } from 'vitest'
import { takeTurns } from './rounds.ts'

describe('takeTurns', () => {
  const names = (count: number, rounds: number): string[] => {
    const entries = ['a', 'b', 'c'].slice(0, count).map((name) => ({ name }))
    return [...takeTurns(entries, rounds)].map(({ round, entry }) => `${String(round)}${entry.name}`)
  }

  it('gives everyone a turn in every round and in one before, each beginning with another', () => {
    expect(names(3, 2)).toEqual(['0a', '0b', '0c', '1b', '1c', '1a', '2c', '2a', '2b'])
  })

  it('goes around with one, and ends without any', () => {
    expect(names(1, 2)).toEqual(['0a', '1a', '2a'])
    expect(names(0, 2)).toEqual([])
  })
})
