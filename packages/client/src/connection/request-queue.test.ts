import { describe, expect, it } from 'vitest'
import { RequestQueue } from './request-queue.ts'
import { Request } from './request.ts'

const request = (opaque: number): Request => {
  const made = new Request(
    { commands: { verb: 'version' }, take: () => undefined },
    { timeout: 1, now: 0, retries: 0 },
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
})
