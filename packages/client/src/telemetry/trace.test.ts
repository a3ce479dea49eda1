import { AsyncLocalStorage } from 'node:async_hooks'
import { inspect } from 'node:util'
import { MemkeepError } from '@memkeep/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { channels, type CommandMessage, type Operation, type Outcome } from './channels.ts'
import { outcomeOf, traced } from './trace.ts'

/** No value may be found in what is published. */
const VALUE = 'the-value-of-a-user'

type Event = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error'

const message = (operation: Operation): CommandMessage => ({
  operation,
  server: 'a:1',
  endpoint: { host: 'a', port: 1 },
  keyCount: 1,
})

describe('a traced request', () => {
  const events: [Event, CommandMessage][] = []
  /** What was published, written out at that moment, however deep. */
  let printed: string[] = []
  const note = (event: Event) => (data: CommandMessage) => {
    events.push([event, data])
    printed.push(inspect(data, { depth: null, showHidden: true }))
  }
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  }

  beforeEach(() => {
    events.length = 0
    printed = []
    channels.command.subscribe(subscribers)
  })

  afterEach(() => {
    channels.command.unsubscribe(subscribers)
  })

  it('tells its course in order, on one message, and how it ended', async () => {
    const own = message('get')
    const result = Buffer.from(VALUE)
    let seenAtRun: Event[] = []
    const promise = traced(own, () => {
      seenAtRun = events.map(([event]) => event)
      return Promise.resolve(result)
    })
    expect(seenAtRun).toEqual(['start'])
    expect(events.map(([event]) => event)).toEqual(['start', 'end'])
    expect(own).toEqual(message('get'))
    expect(await promise).toBe(result)
    expect(events.map(([event]) => event)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
    expect(events.every(([, data]) => data === own)).toBe(true)
    expect(own).toEqual({ ...message('get'), outcome: 'hit', duration: expect.any(Number) as number })
    expect(own.duration).toBeGreaterThanOrEqual(0)
  })

  it.each<[Operation, unknown, Outcome]>([
    ['get', Buffer.from(VALUE), 'hit'],
    ['gets', { value: Buffer.from(VALUE), flags: 0, cas: 1n }, 'hit'],
    ['getAndTouch', VALUE, 'hit'],
    ['stats', new Map([['pid', VALUE]]), 'ok'],
    ['version', VALUE, 'ok'],
    ['increment', 42_424_242n, 'stored'],
  ])('never tells what came out of it: %s', async (operation, result, outcome) => {
    await traced(message(operation), () => Promise.resolve(result))
    expect(events.at(-1)?.[1].outcome).toBe(outcome)
    expect(printed).toHaveLength(4)
    for (const text of printed) {
      expect(text).not.toMatch(/result|the-value|42424242/)
      expect(text).not.toContain(inspect(Buffer.from(VALUE)).slice(8, 30))
    }
  })

  it('tells what it was rejected with, and hands that on', async () => {
    const reason = new MemkeepError('ERR_MEMKEEP_CLOSED', 'The client is closed.')
    const own = message('set')
    const promise = traced(own, () => Promise.reject(reason))
    await expect(promise).rejects.toBe(reason)
    expect(events.map(([event]) => event)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    expect(own).toMatchObject({ outcome: 'error', error: reason })
    expect(own.duration).toBeGreaterThanOrEqual(0)
  })

  it('runs in the stores that are bound to its start, and there alone', async () => {
    const store = new AsyncLocalStorage<CommandMessage>()
    channels.command.start.bindStore(store)
    try {
      const seen: unknown[] = []
      const own = message('delete')
      const promise = traced(own, async () => {
        seen.push(store.getStore())
        await Promise.resolve()
        seen.push(store.getStore())
        return true
      })
      expect(store.getStore()).toBeUndefined()
      await promise
      expect(seen.map((stored) => stored === own)).toEqual([true, true])
    } finally {
      channels.command.start.unbindStore(store)
    }
  })

  it('ends its start though it cannot be run', () => {
    expect(() =>
      traced(message('get'), () => {
        throw new TypeError('no promise')
      }),
    ).toThrow('no promise')
    expect(events.map(([event]) => event)).toEqual(['start', 'end'])
  })
})

describe('the outcome of a command', () => {
  it.each<[Operation, unknown, Outcome]>([
    ['get', Buffer.from('x'), 'hit'],
    ['get', Buffer.alloc(0), 'hit'],
    ['get', undefined, 'miss'],
    ['gets', { value: Buffer.from('x') }, 'hit'],
    ['gets', undefined, 'miss'],
    ['getAndTouch', Buffer.from('x'), 'hit'],
    ['getAndTouch', undefined, 'miss'],
    ['getMany', true, 'hit'],
    ['getMany', false, 'miss'],
    ['set', true, 'stored'],
    ['set', false, 'not-stored'],
    ['add', true, 'stored'],
    ['add', false, 'not-stored'],
    ['replace', true, 'stored'],
    ['replace', false, 'not-stored'],
    ['append', true, 'stored'],
    ['append', false, 'not-stored'],
    ['prepend', true, 'stored'],
    ['prepend', false, 'not-stored'],
    ['cas', 'stored', 'stored'],
    ['cas', 'exists', 'exists'],
    ['cas', 'not-found', 'not-found'],
    ['delete', true, 'deleted'],
    ['delete', false, 'not-found'],
    ['touch', true, 'ok'],
    ['touch', false, 'not-found'],
    ['increment', 0n, 'stored'],
    ['increment', undefined, 'not-found'],
    ['decrement', 0n, 'stored'],
    ['decrement', undefined, 'not-found'],
    ['flushAll', true, 'ok'],
    ['stats', new Map(), 'ok'],
    ['version', '1.6.18', 'ok'],
  ])('%s with %o is %s', (operation, result, outcome) => {
    expect(outcomeOf(operation, result)).toBe(outcome)
  })
})
