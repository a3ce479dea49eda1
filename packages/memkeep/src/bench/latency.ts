import { percentileOf } from './stats.ts'

/** What is kept at most; later samples take the place of the first. */
const CAPACITY = 65_536
/** Samples a second that are enough, and that cost next to nothing. */
const ENOUGH = 20_000

/** Keeps how long requests took, in milliseconds. */
export class LatencyRecorder {
  readonly #samples = new Float64Array(CAPACITY)
  #count = 0

  add(milliseconds: number): void {
    this.#samples[this.#count++ % CAPACITY] = milliseconds
  }

  reset(): void {
    this.#count = 0
  }

  /** The percentiles in microseconds. */
  summarize(): { readonly p50: number; readonly p99: number } {
    const sorted = this.#samples.slice(0, Math.min(this.#count, CAPACITY)).sort()
    return { p50: percentileOf(sorted, 50) * 1_000, p99: percentileOf(sorted, 99) * 1_000 }
  }
}

/** Of how many requests one is timed at that rate, so that the timing does not become the work. */
export function sampleEvery(requestsPerSecond: number): number {
  return Math.max(1, Math.round(requestsPerSecond / ENOUGH))
}
