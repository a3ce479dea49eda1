import { time, type Time } from '@memkeep/core/internal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CallClock } from './call-clock.ts'

/** What runs in the phases of an event loop that the test turns. */
let now: number
let timers: { readonly at: number; readonly run: () => void }[]
let immediates: (() => void)[]
const real: Time = { ...time }

beforeEach(() => {
  now = 1_000
  timers = []
  immediates = []
  const setTimer = (run: () => void, milliseconds: number): unknown => {
    const timer = { at: now + milliseconds, run, unref: () => timer }
    timers.push(timer)
    return timer
  }
  const clearTimer = (timer: unknown): void => {
    timers = timers.filter((other) => other !== timer)
  }
  const setImmediate = (run: () => void): number => immediates.push(run)
  Object.assign(time, { now: () => now, setTimeout: setTimer, clearTimeout: clearTimer, setImmediate })
})
afterEach(() => {
  Object.assign(time, real)
})

/** One turn of the event loop: timers that are due, then sockets, then immediates. */
function turn(sockets: () => void = () => undefined): void {
  const due = timers.filter(({ at }) => at <= now)
  timers = timers.filter(({ at }) => at > now)
  for (const { run } of due) run()
  sockets()
  for (const run of immediates.splice(0)) run()
}

/** Lets time pass in turns of a millisecond each. */
function pass(milliseconds: number): void {
  for (let passed = 0; passed < milliseconds; passed++) {
    now++
    turn()
  }
}

describe("the clock of a client's calls", () => {
  it('rings when its time has come, and not before', () => {
    const clock = new CallClock()
    const rung: number[] = []
    const alarm = clock.alarm((at) => rung.push(at))
    alarm.add(clock.now() + 300)
    alarm.add(clock.now() + 200)
    pass(199)
    expect(rung).toEqual([])
    pass(5)
    expect(rung).toHaveLength(1)
    expect(rung[0]).toBeGreaterThanOrEqual(1_200)
    pass(1_000)
    expect(rung).toHaveLength(1)
    expect(timers).toEqual([])
  })

  it('keeps no timer for alarms that were stopped', () => {
    const clock = new CallClock()
    const alarm = clock.alarm(() => {
      throw new Error('It was stopped')
    })
    alarm.add(clock.now() + 100)
    alarm.stop()
    expect(timers).toEqual([])
    pass(200)
  })

  it('stands still while the event loop is blocked', () => {
    const clock = new CallClock()
    const rung: number[] = []
    const alarm = clock.alarm((at) => rung.push(at))
    const start = clock.now()
    alarm.add(start + 200)
    now += 10_000
    turn()
    expect(clock.now() - start).toBeLessThanOrEqual(51)
    pass(100)
    expect(rung).toEqual([])
    pass(60)
    expect(rung).toHaveLength(1)
  })

  it('reads what has arrived before it rings, also when reading takes long', () => {
    const clock = new CallClock()
    let arrived = 0
    const seen: number[] = []
    const alarm = clock.alarm(() => seen.push(arrived))
    alarm.add(clock.now() + 20)
    pass(20)
    now += 2
    turn(() => {
      arrived++
      now += 500
    })
    turn(() => {
      arrived++
    })
    pass(60)
    expect(seen.length).toBe(1)
    expect(seen[0]).toBe(2)
  })

  it('dates a call from the end of its turn', () => {
    const clock = new CallClock()
    const moment = clock.turn()
    now += 15
    expect(clock.turn()).toBe(moment)
    turn()
    expect(moment.at).toBe(1_015)
    expect(clock.turn()).not.toBe(moment)
  })
})
