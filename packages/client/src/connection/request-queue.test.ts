import { describe, expect, it } from 'vitest'
import { RequestQueue } from './request-queue.ts'
import { Request } from './request.ts'

const request = (opaque: number): Request => {
  const made = new Request(
    { commands: { verb: 'version' }, take: () => undefined },
    { timeout: 1, turn: { at: 0 }, retries: 0 },
  )
  made.opaque = opaque
  return made
}

describe('RequestQueue', () => {
  it('gives requests back in their order, however many come and go', () => {
    const queue = new RequestQueue()
    let [pushed, shifted] = [0, 0]
    for (let round = 0; round < 200; round++) {
      for (let more = 0; more < (round * 7) % 50; more++) queue.push(request(pushed++))
      for (let fewer = 0; fewer < (round * 11) % 50 && shifted < pushed; fewer++) {
        expect(queue.peek()?.opaque).toBe(shifted)
        expect(queue.shift()?.opaque).toBe(shifted++)
      }
      expect(queue.length).toBe(pushed - shifted)
      expect([...queue].map(({ opaque }) => opaque)).toEqual(
        Array.from({ length: pushed - shifted }, (_, index) => shifted + index),
      )
    }
    expect(queue.drain()).toHaveLength(pushed - shifted)
    expect([...queue]).toEqual([])
    expect(queue.peek()).toBeUndefined()
    expect(queue.shift()).toBeUndefined()
    expect(queue.length).toBe(0)
  })

  it('takes requests before all others', () => {
    const queue = new RequestQueue()
    for (const opaque of [1, 2, 3]) queue.push(request(opaque))
    queue.shift()
    queue.unshift([request(8), request(9)])
    expect([...queue].map(({ opaque }) => opaque)).toEqual([8, 9, 2, 3])
    expect(queue.length).toBe(4)
  })
  it('gives a long list out in its order, with more put at both ends meanwhile', () => {
    const queue = new RequestQueue()
    const model: number[] = []
    const opaques = (): number[] => [...queue].map(({ opaque }) => opaque)
    for (let opaque = 0; opaque < 5_000; opaque++) {
      queue.push(request(opaque))
      model.push(opaque)
    }
    // on both sides of where holes are done away with, and with the holes there
    for (const count of [1_000, 23, 1, 1, 999, 2_000]) {
      for (let each = 0; each < count; each++) expect(queue.shift()?.opaque).toBe(model.shift())
      expect(queue.length).toBe(model.length)
      expect(opaques()).toEqual(model)
      queue.unshift([request(90_000 + count)])
      model.unshift(90_000 + count)
      queue.push(request(80_000 + count))
      model.push(80_000 + count)
      expect(queue.peek()?.opaque).toBe(model[0])
    }
    expect(queue.drain().map(({ opaque }) => opaque)).toEqual(model)
    queue.push(request(7))
    expect(opaques()).toEqual([7])
  })

  it('goes on after it was empty', () => {
    const queue = new RequestQueue()
    expect(queue.drain()).toEqual([])
    queue.unshift([])
    expect([queue.length, queue.shift()]).toEqual([0, undefined])
    const one = request(1)
    queue.push(one)
    expect(queue.shift()).toBe(one)
    expect([...queue]).toEqual([])
    expect([queue.length, queue.peek()]).toEqual([0, undefined])
    queue.push(request(2))
    expect([...queue].map(({ opaque }) => opaque)).toEqual([2])
  })
})
