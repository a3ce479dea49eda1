import { describe, expect, it } from 'vitest'
import { RequestQueue, type PendingRequest } from './request-queue.ts'

const request = (opaque: number): PendingRequest => ({
  opaque,
  sentAt: 0,
  settle: () => undefined,
  reject: () => undefined,
  abandoned: false,
})

describe('RequestQueue', () => {
  it('gives requests back in their order, however many come and go', () => {
    const queue = new RequestQueue()
    let [pushed, shifted] = [0, 0]
    for (let round = 0; round < 200; round++) {
      for (let more = 0; more < (round * 7) % 50; more++) queue.push(request(pushed++))
      for (let fewer = 0; fewer < (round * 11) % 50 && shifted < pushed; fewer++) {
        expect(queue.peek()?.opaque).toBe(shifted++)
        queue.shift()
      }
      expect([...queue].map(({ opaque }) => opaque)).toEqual(
        Array.from({ length: pushed - shifted }, (_, index) => shifted + index),
      )
    }
    expect(queue.drain()).toHaveLength(pushed - shifted)
    expect([...queue]).toEqual([])
    expect(queue.peek()).toBeUndefined()
  })
})
