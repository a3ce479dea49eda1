import { Random } from './random.ts'
import { playSchedule } from './schedule.ts'
import { VirtualClock } from './virtual-clock.ts'

/** Schedules that are played at the same time: no more than the young generation of the heap holds. */
const AT_ONCE = 16

/** Which schedules to play. */
export interface RunOptions {
  /** What all of them are made of, 32 bits. */
  readonly seed: number
  /** The number of the first one. */
  readonly first: number
  readonly count: number
  /** Whether there is enough to look into, so that no more are played. Default: from three failures on. */
  readonly enough?: (failures: readonly string[]) => boolean
}

/** What became of a run. */
export interface Run {
  /** What was found wrong, with what it takes to play it again; empty when nothing was. */
  readonly failures: readonly string[]
  /** How often what was played, and how often calls ended in what way. */
  readonly seen: ReadonlyMap<string, number>
}

/** Plays schedules on a clock of their own, which stands in the place of the real one meanwhile. */
export async function runSchedules({
  seed,
  first,
  count,
  enough = ({ length }) => length >= 3,
}: RunOptions): Promise<Run> {
  const clock = new VirtualClock()
  const failures: string[] = []
  const seen = new Map<string, number>()
  const onPlay = (what: string): void => {
    seen.set(what, (seen.get(what) ?? 0) + 1)
  }
  const play = async (number: number): Promise<void> => {
    const random = new Random(seed ^ Math.imul(number, 0x9e3779b1))
    const replay = `MEMKEEP_SEED=${String(seed)} MEMKEEP_SCHEDULE=${String(number)}`
    try {
      const violations = await playSchedule(random, clock, onPlay)
      if (violations.length > 0) failures.push(`${replay}: ${violations.join('; ')}`)
    } catch (error) {
      failures.push(`${replay}: ${error instanceof Error ? String(error.stack) : String(error)}`)
    }
  }
  const onUnhandled = (reason: unknown): void => {
    failures.push(`MEMKEEP_SEED=${String(seed)}: nobody handled the rejection with ${String(reason)}`)
  }
  const { stackTraceLimit } = Error
  // thousands of errors are made in a second, and nobody looks where
  Error.stackTraceLimit = 0
  process.on('unhandledRejection', onUnhandled)
  clock.install()
  try {
    await new Promise<void>((resolve) => {
      let next = first
      let playing = 0
      const turn = (): void => {
        clock.step()
        if (failures.length > 0 && enough(failures)) next = first + count
        for (; playing < AT_ONCE && next < first + count; next++) {
          playing++
          void play(next).then(() => playing--)
        }
        if (playing > 0) setImmediate(turn)
        else resolve()
      }
      turn()
    })
  } finally {
    clock.uninstall()
    process.off('unhandledRejection', onUnhandled)
    Error.stackTraceLimit = stackTraceLimit
  }
  return { failures, seen }
}
