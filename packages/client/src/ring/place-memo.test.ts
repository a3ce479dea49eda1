import { describe, expect, it } from 'vitest'
import { PlaceMemo } from './place-memo.ts'

describe('PlaceMemo', () => {
  it('answers as what it remembers, for keys that share slots, are long, or are not ASCII', () => {
    const find = (key: string): number => Buffer.byteLength(key) * 100_000 + Number(/\d+/.exec(key)?.[0] ?? 0)
    const memo = new PlaceMemo(find)
    // far more keys than slots, each asked again at once and after others took its slot
    for (const round of [1, 2]) {
      for (let n = 0; n < 20_000; n++) {
        for (const key of [`user:${String(n)}`, `ключ${String(n)}`, `${'x'.repeat(70)}${String(n)}`]) {
          const place = find(key)
          if (memo.placeOf(key) !== place || memo.placeOf(key) !== place) {
            expect(`round ${String(round)}: ${key}`).toBe('placed')
          }
        }
      }
    }
  })

  it('looks up a key that is asked again once', () => {
    const asked: string[] = []
    const memo = new PlaceMemo((key) => asked.push(key))
    const places = ['a', 'b', 'a', 'b', '', ''].map((key) => memo.placeOf(key))
    expect(asked).toEqual(['a', 'b', ''])
    expect(places).toEqual([1, 2, 1, 2, 3, 3])
  })
})
