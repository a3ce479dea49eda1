import { time } from '@memkeep/core/internal'
import { Alarm, type AlarmClock } from './alarm.ts'

/** When a call was made: the end of the event-loop turn that made it, which is when it is written. */
export interface Moment {
  /** Milliseconds of {@link CallClock.now}; until the turn has ended, its start. */
  readonly at: number
}

/**
 * How long the event loop may go without this clock looking at it, in milliseconds, while something is due: the most
 * of a pause that counts although nothing could be read in it.
 */
const LOOK_EVERY = 50
/** Milliseconds that a turn of the event loop may take before they count as time in which nothing could be read. */
const USUAL_TURN = 20

/**
 * The time of a client's calls. It stands still while this process cannot read what servers answer: while its event
 * loop is blocked, or the process is stopped. Deadlines are looked at after what had arrived was read.
 */
export class CallClock implements AlarmClock {
  /** Milliseconds in which nothing could be read. */
  #lost = 0
  #turn: { at: number } | undefined
  readonly #alarms = new Set<Alarm>()
  #timer: NodeJS.Timeout | undefined
  /** When the timer is due, in milliseconds of the real clock. */
  #timerAt = Infinity

  /** Milliseconds in which this process could read. */
  now(): number {
    return time.now() - this.#lost
  }

  /** The present turn of the event loop: read once for all its calls, since to read the time costs too much. */
  turn(): Moment {
    return this.#turn ?? this.#beginTurn()
  }

  /** An alarm of this clock. */
  alarm(onDue: (now: number) => void): Alarm {
    return new Alarm(this, onDue)
  }

  /** Sets an alarm, which is due at a time of this clock. */
  set(alarm: Alarm): void {
    this.#alarms.add(alarm)
    this.#arm(alarm.dueAt + this.#lost)
  }

  unset(alarm: Alarm): void {
    this.#alarms.delete(alarm)
    if (this.#alarms.size > 0) return
    time.clearTimeout(this.#timer)
    this.#timerAt = Infinity
  }

  #beginTurn(): Moment {
    const turn = { at: this.now() }
    this.#turn = turn
    time.setImmediate(() => {
      turn.at = this.now()
      this.#turn = undefined
    })
    return turn
  }

  /** Has the timer go off then, in milliseconds of the real clock, or sooner. */
  #arm(dueAt: number): void {
    if (dueAt >= this.#timerAt) return
    time.clearTimeout(this.#timer)
    // a millisecond more than needed, so that what is due then is surely due
    const left = Math.min(LOOK_EVERY, Math.max(0, Math.ceil(dueAt - time.now())) + 1)
    this.#timerAt = time.now() + left
    this.#timer = time
      .setTimeout(() => {
        this.#look()
      }, left)
      .unref()
  }

  #look(): void {
    this.#skip(time.now() - this.#timerAt)
    this.#timerAt = Infinity
    this.#readThen(() => {
      this.#ring()
    })
  }

  /** Calls back after what has arrived was read: sockets are, between this and an immediate, unless that takes long. */
  #readThen(goOn: () => void): void {
    const before = time.now()
    time.setImmediate(() => {
      if (this.#skip(time.now() - before)) time.setImmediate(goOn)
      else goOn()
    })
  }

  /** Leaves out time that was longer than a turn takes; false when it was not. */
  #skip(milliseconds: number): boolean {
    if (milliseconds <= USUAL_TURN) return false
    this.#lost += milliseconds
    return true
  }

  #ring(): void {
    const now = this.now()
    // calls of this very turn have all their time before them
    if (this.#turn !== undefined) this.#turn.at = now
    for (const alarm of this.#alarms) {
      if (alarm.dueAt > now) continue
      this.#alarms.delete(alarm)
      alarm.ring(now)
    }
    let next = Infinity
    for (const { dueAt } of this.#alarms) if (dueAt < next) next = dueAt
    if (next < Infinity) this.#arm(next + this.#lost)
  }
}
