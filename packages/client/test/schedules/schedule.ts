import { MemcachedClient } from '../../src/client.ts'
import type { MemcachedClientOptions } from '../../src/options.ts'
import { binaryWire } from './binary-wire.ts'
import { Call, type CallPlan, type Circumstances, type Operation } from './call.ts'
import { Ledger } from './ledger.ts'
import { PlayingServer } from './playing-server.ts'
import type { Random } from './random.ts'
import { metaWire, textWire } from './text-wire.ts'
import type { VirtualClock } from './virtual-clock.ts'
import type { Wire } from './wire.ts'

/** Milliseconds that calls have of a server that answers as it should. */
const LONG = 1_000
/** Milliseconds after the last deadline when every promise must be settled. */
const GUARD = 50

const OPERATIONS = ['get', 'get', 'get', 'gets', 'getMany', 'getMany', 'set', 'delete', 'increment'] as const

/** Calls that are made together, that many milliseconds after those before. */
interface Turn {
  readonly pause: number
  readonly calls: readonly CallPlan[]
}

/**
 * Plays one schedule, which `random` determines: makes a client and a server, calls, and checks what becomes of it.
 *
 * @param onPlay counts what happened
 * @returns what was found wrong
 */
export async function playSchedule(
  random: Random,
  clock: VirtualClock,
  onPlay: (what: string) => void,
): Promise<readonly string[]> {
  const hostile = random.chance(80)
  const rejects = random.chance(5)
  const wire = random.pick([metaWire(true), metaWire(false), textWire, binaryWire])
  const ledger = new Ledger()
  const server = new PlayingServer({ random, clock, wire, ledger, hostile, onPlay })
  const circumstances: Circumstances = { hostile, rejects, closed: false }
  const client = new MemcachedClient({
    servers: 'play:11211',
    distribution: 'modulo',
    transport: server.transport,
    ...options(random, wire, { hostile, rejects }),
  })
  const calls: Call[] = []
  const endings: Promise<string>[] = []
  const closeEarly = random.chance(8) ? random.below(30) : undefined
  let closing: Promise<unknown> | undefined
  const close = (): Promise<unknown> => {
    circumstances.closed = true
    closing ??= client.close({ timeout: hostile ? random.between(1, 20) : LONG })
    return closing
  }
  if (closeEarly !== undefined) clock.after(closeEarly, () => void close())

  let longest = 0
  for (const { pause, calls: plans } of turns(random, hostile)) {
    if (pause > 0) await after(clock, pause)
    for (const plan of plans) {
      const call = new Call(plan, ledger, circumstances)
      calls.push(call)
      endings.push(call.start(client))
      longest = Math.max(longest, clock.now + plan.timeout)
    }
  }
  await inTime(Promise.all(endings), clock, longest - clock.now + GUARD)
  for (const call of calls) if (call.pending) ledger.violations.push(`${call.name} is pending for ever`)
  const closed = await inTime(close(), clock, LONG + GUARD)
  if (!closed) ledger.violations.push('close() is pending for ever')
  await after(clock, 1)
  for (const { destroyed } of server.channels)
    if (!destroyed) ledger.violations.push('a channel is left open')
  if (ledger.violations.length === 0) for (const ending of endings) onPlay(await ending)
  return ledger.violations
}

function options(
  random: Random,
  { name }: Wire,
  { hostile, rejects }: Pick<Circumstances, 'hostile' | 'rejects'>,
): Partial<MemcachedClientOptions> {
  return {
    protocol: name === 'binary' || random.chance(50) ? name : 'auto',
    connections: random.between(1, 2),
    maxInFlight: random.chance(20) ? random.between(1, 3) : 10_000,
    maxInFlightBytes: random.chance(5) ? 200 : 2 ** 26,
    maxWaiting: rejects ? random.between(1, 3) : 100_000,
    overload: rejects ? random.pick(['wait', 'reject']) : 'wait',
    retries: random.below(3),
    timeout: hostile ? random.between(5, 30) : LONG,
    connectTimeout: hostile ? random.between(5, 40) : LONG,
    // such a pause is over in the next turn, whatever was drawn: nothing but the seed decides what is played
    reconnectMinDelay: 1,
    reconnectMaxDelay: 1,
    ejectAfter: random.between(1, 4),
    ejectPause: random.between(1, 10),
  }
}

function turns(random: Random, hostile: boolean): readonly Turn[] {
  let left = random.between(1, random.between(2, 12))
  const turns: Turn[] = []
  while (left > 0) {
    const size = random.between(1, left)
    left -= size
    const calls = Array.from({ length: size }, () => callPlan(random, hostile))
    turns.push({ pause: turns.length === 0 ? 0 : random.pick([1, 1, 2, 3, 6, 20]), calls })
  }
  return turns
}

function callPlan(random: Random, hostile: boolean): CallPlan {
  const operation: Operation = random.pick(OPERATIONS)
  const first = random.below(KEYS)
  const keys = Array.from({ length: operation === 'getMany' ? random.between(2, 5) : 1 }, (_, at) =>
    keyOf((first + at) % KEYS),
  )
  return {
    operation,
    keys,
    timeout: hostile ? random.between(2, 40) : LONG,
    abortAfter: random.chance(10) ? random.below(15) : undefined,
  }
}

/** How many keys there are: so few that several calls ask for the same one now and then. */
const KEYS = 40

function keyOf(index: number): string {
  return `key-${String(index)}-`
}

function after(clock: VirtualClock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(milliseconds, resolve)
  })
}

/** Whether a promise is settled within that many milliseconds. */
async function inTime(
  promise: Promise<unknown>,
  clock: VirtualClock,
  milliseconds: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.after(milliseconds, () => {
      resolve(false)
    })
    void promise.then(() => {
      timer.callback = undefined
      resolve(true)
    })
  })
}
