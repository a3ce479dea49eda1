import { describe, expect, it } from 'vitest'
import { Request } from '../connection/request.ts'
import { WaitingRoom } from './waiting-room.ts'

const store = (bytes: number): Request =>
  new Request(
    {
      commands: { verb: 'set', key: 'k', value: Buffer.alloc(bytes), flags: 0, exptime: 0, cas: undefined },
      take: () => undefined,
    },
    { timeout: 1_000, now: 0, retries: 0 },
  )

describe('the waiting room', () => {
  it('is full by number or by bytes, and has room again for every one that leaves', () => {
    const few = new WaitingRoom({ maxWaiting: 2, maxWaitingBytes: 1e9 })
    few.push(store(1))
    expect(few.full).toBe(false)
    few.push(store(1))
    expect(few.full).toBe(true)
    few.shift()
    expect(few.full).toBe(false)

    const small = new WaitingRoom({ maxWaiting: 1e9, maxWaitingBytes: 1_000 })
    small.push(store(500))
    expect(small.full).toBe(false)
    small.push(store(500))
    expect(small.full).toBe(true)
    small.shift()
    expect(small.full).toBe(false)
    small.unshift([store(400), store(400)])
    expect(small.full).toBe(true)
    small.drain()
    expect([small.full, small.length]).toEqual([false, 0])
  })

  it('makes room of those that wait for nothing any more, and keeps the order of the rest', () => {
    const room = new WaitingRoom({ maxWaiting: 4, maxWaitingBytes: 1e9 })
    const requests = Array.from({ length: 4 }, (_, index) => store(index))
    for (const request of requests) room.push(request)
    const [first, second, third, fourth] = requests
    for (const late of [first, third]) {
      late?.result.catch(() => undefined)
      late?.expire('a:1')
    }
    expect(room.full).toBe(true)
    room.forgetSettled()
    expect([...room.requests()]).toEqual([second, fourth])
    expect(room.full).toBe(false)
  })
})
