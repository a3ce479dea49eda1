import { describe, expect, it } from 'vitest'
import { Request } from '../connection/request.ts'
import { WaitingRoom } from './waiting-room.ts'

const store = (bytes: number): Request =>
  new Request(
    {
      commands: { verb: 'set', key: 'k', value: Buffer.alloc(bytes), flags: 0, exptime: 0, cas: undefined },
      take: () => undefined,
    },
    { timeout: 1_000, turn: { at: 0 }, retries: 0 },
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

  it('has room at once for a request that is settled while it waits, and keeps the order of the rest', () => {
    const room = new WaitingRoom({ maxWaiting: 4, maxWaitingBytes: 1e9 })
    const requests = Array.from({ length: 4 }, (_, index) => store(index))
    for (const request of requests) room.push(request)
    const [first, second, third, fourth] = requests
    for (const late of [first, third]) {
      late?.result.catch(() => undefined)
      late?.expire('a:1')
    }
    expect([room.full, room.length]).toEqual([false, 2])
    expect([room.shift(), room.shift(), room.shift()]).toEqual([second, fourth, undefined])
  })

  it('holds on to neither values nor places of requests that are settled', () => {
    const room = new WaitingRoom({ maxWaiting: 1e9, maxWaitingBytes: 1e9 })
    const kept = store(1)
    room.push(kept)
    for (let round = 0; round < 1_000; round++) {
      const late = store(1_000)
      room.push(late)
      late.result.catch(() => undefined)
      late.fail(new Error('aborted'))
      expect(late.value).toHaveLength(0)
    }
    expect(room.length).toBe(1)
    expect([...room.requests()].length).toBeLessThan(100)
    expect(room.shift()).toBe(kept)
  })

  it('holds the bytes that a value had when it was put in', () => {
    const room = new WaitingRoom({ maxWaiting: 1, maxWaitingBytes: 1e9 })
    const request = store(3)
    const given = request.value
    room.push(request)
    given?.fill('x')
    expect(room.shift()?.value).toEqual(Buffer.alloc(3))
  })
})
