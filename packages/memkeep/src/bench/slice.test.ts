import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Client } from './client.ts'
import { Work, WrongAnswer } from './slice.ts'
import { Values } from './values.ts'

const PATIENCE = 10_000
const GET = { operation: 'get', size: 100, concurrency: 4, keys: 1 } as const

/** A client of a map, which may be told what to do with every set. */
function clientOf(onSet: (key: string) => void = () => undefined): Client<unknown, unknown, boolean> & {
  readonly map: Map<string, unknown>
} {
  const map = new Map<string, unknown>()
  return {
    map,
    async set(key, value) {
      await turn()
      onSet(key)
      map.set(key, value)
      return true
    },
    async get(key) {
      await turn()
      return map.get(key)
    },
    getMany: () => Promise.reject(new Error('not asked for')),
    valueOf: (reply) => reply,
    valueIn: () => undefined,
    stored: (reply) => reply,
    close: () => Promise.resolve(),
  }
}

const workOf = (client: Client<unknown, unknown, boolean>): Work =>
  new Work(client, 'test', new Values(100, 'buffer'), new Values(100, 'buffer'))

describe('Work', () => {
  it.each([1, 32])('stores every value that is to be read, %i at once', async (atOnce) => {
    const client = clientOf()
    const work = workOf(client)
    await work.seed(PATIENCE, { atOnce })
    expect(client.map.size).toBe(1_000)
    expect(work.keys).toHaveLength(2_000)
    expect([...client.map.keys()].every((key) => work.keys.includes(key))).toBe(true)
  })

  it('stores nothing more once a set has failed or it was aborted', async () => {
    const failing = new Error('no more room')
    const ending = new AbortController()
    for (const [reason, interrupt] of [
      [failing, () => Promise.reject(failing)],
      [
        new Error('enough'),
        () => {
          ending.abort(new Error('enough'))
        },
      ],
    ] as const) {
      let sets = 0
      const client = clientOf()
      const set = client.set.bind(client)
      client.set = async (key, value) => {
        if (++sets === 100) await interrupt()
        return set(key, value)
      }
      await expect(workOf(client).seed(PATIENCE, { atOnce: 8, signal: ending.signal })).rejects.toEqual(
        reason,
      )
      // those in flight come to their end
      await turn()
      await turn()
      const then = sets
      for (let turns = 0; turns < 10; turns++) await turn()
      expect(sets).toBe(then)
      expect(sets).toBeLessThan(110)
    }
  })

  it('notices a value of another key', async () => {
    const client = clientOf()
    const work = workOf(client)
    await work.seed(PATIENCE)
    const [first = '', second = ''] = work.keys
    client.map.set(first, client.map.get(second))
    await expect(work.run(GET, { milliseconds: 50, patience: PATIENCE })).rejects.toBeInstanceOf(WrongAnswer)
  })

  it('ends a slice when it is aborted, after what is in flight', async () => {
    const client = clientOf()
    const work = workOf(client)
    await work.seed(PATIENCE)
    const ending = new AbortController()
    const running = work.run(GET, { milliseconds: 600_000, patience: PATIENCE }, ending.signal)
    await turn()
    const reason = new Error('enough')
    ending.abort(reason)
    await expect(running).rejects.toBe(reason)
    await expect(work.run(GET, { milliseconds: 1, patience: PATIENCE }, ending.signal)).rejects.toBe(reason)
  })
})
