import { randomBytes } from 'node:crypto'
import { MemkeepError } from '@memkeep/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { runSchedules } from '../test/schedules/run-schedules.ts'
import { Connection } from './connection/connection.ts'
import { Request } from './connection/request.ts'
import { binary } from './protocol/binary.ts'
import { meta } from './protocol/meta.ts'
import { answers } from './protocol/reply.ts'
import { text } from './protocol/text.ts'

// the client draws its first tokens and its pauses: a schedule that is played again must draw the same
vi.mock('node:crypto', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  randomInt: (below: number) => Math.floor(below / 3),
}))

/** A new seed every time; what fails names it, with the schedule's number, and both given again play it again. */
const {
  MEMKEEP_SEED: seed = randomBytes(4).readUInt32LE(),
  MEMKEEP_SCHEDULES: count = 25_000,
  MEMKEEP_SCHEDULE: only,
} = process.env
const run =
  only === undefined
    ? { seed: Number(seed), first: 0, count: Number(count) }
    : { seed: Number(seed), first: Number(only), count: 1 }

/** Far more than it takes, in milliseconds. */
const timeout = 120_000 + 5 * run.count

/** Schedules in which a client's fault is sure to show: it does in one of a few hundred. */
const MANY = 20_000

/** What must have happened in so many schedules, or they show little. */
const EVERYTHING = [
  ...['swap', 'twice', 'unasked', 'instead', 'missing', 'garbage', 'dirt', 'half', 'ends', 'late'],
  ...['close', 'error', 'end', 'mute', 'connect late', 'connect refused', 'connect never', 'aborted'],
  ...['CONNECT_FAILED', 'CONNECT_TIMEOUT', 'CONNECTION_LOST', 'COMMAND_TIMEOUT', 'SERVER_DOWN', 'CLOSED'].map(
    (code) => `ERR_MEMKEEP_${code}`,
  ),
]

describe('a server that plays what it likes', () => {
  it(
    'gives no caller the value of another, leaves no promise pending, and cannot keep a good answer from its caller',
    async () => {
      const { failures, seen } = await runSchedules(run)
      expect(failures).toEqual([])
      if (only !== undefined) return
      expect([...seen.keys()]).toEqual(expect.arrayContaining(EVERYTHING))
      expect(seen.get('resolved')).toBeGreaterThan(run.count)
    },
    timeout,
  )

  it('plays the same again for the same seed', async () => {
    const some = { seed: run.seed, first: 0, count: 50 }
    const { seen } = await runSchedules(some)
    expect((await runSchedules(some)).seen).toEqual(seen)
  })
})

describe('the same schedules find a client that', () => {
  const listeners = process.listeners('unhandledRejection')

  afterEach(() => {
    vi.restoreAllMocks()
    for (const listener of listeners) process.on('unhandledRejection', listener)
  })

  const lost = new MemkeepError('ERR_MEMKEEP_CONNECTION_LOST', 'Lost for no reason')

  it.each([
    ...[meta, text, binary].map((protocol) => ({
      fault: `takes any reply of the right kind in ${protocol.name}`,
      found: /got the value of get/,
      break: () => vi.spyOn(protocol, 'belongs').mockImplementation(answers),
    })),
    {
      fault: 'takes what was said twice twice',
      found: /got a value that another call had/,
      break: () => vi.spyOn(meta, 'belongs').mockImplementation(answers),
    },
    {
      fault: 'forgets timeouts',
      found: /is pending for ever/,
      break: () => vi.spyOn(Request.prototype, 'expire').mockReturnValue(),
    },
    {
      fault: 'gives up too early',
      found: /was rejected with ERR_MEMKEEP_COMMAND_TIMEOUT/,
      break: () =>
        vi.spyOn(Connection.prototype, 'send').mockImplementation((request) => {
          request.expire('play')
        }),
    },
    {
      fault: 'fails what was answered',
      found: /was rejected with ERR_MEMKEEP_CONNECTION_LOST: Lost for no reason/,
      break: () =>
        vi.spyOn(Request.prototype, 'answer').mockImplementation(function (this: Request) {
          this.answered++
          this.fail(lost)
        }),
    },
    {
      fault: 'leaves a rejection to nobody',
      found: /nobody handled the rejection/,
      break: () => vi.spyOn(Request.prototype, 'expire').mockImplementation(() => void Promise.reject(lost)),
    },
    {
      fault: 'keeps connections open',
      found: /a channel is left open/,
      break: () => vi.spyOn(Connection.prototype, 'destroy').mockReturnValue(),
    },
  ])('$fault', async ({ found, break: breakIt }) => {
    breakIt()
    // those of vitest, which would take it for a fault of this test
    process.removeAllListeners('unhandledRejection')
    const isFound = (failures: readonly string[]): boolean => failures.some((failure) => found.test(failure))
    const { failures } = await runSchedules({ seed: run.seed, first: 0, count: MANY, enough: isFound })
    expect(isFound(failures)).toBe(true)
  })
})
