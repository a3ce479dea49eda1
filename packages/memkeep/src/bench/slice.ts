import type { Client } from './client.ts'
import { LatencyRecorder, sampleEvery } from './latency.ts'
import { watch } from './progress.ts'
import type { Values } from './values.ts'
import type { Workload } from './workload.ts'

/** The share of a slice that runs in, unmeasured: connections that idled out come back, and the first burst passes. */
const RUN_IN = 0.2
/** How many of the keys that a slice has set are read back. */
const READ_BACK = 20
/** How many keys the lists for getMany name together. */
const LISTED_KEYS = 50_000

/** What a slice has to keep to. */
export interface SliceTimes {
  readonly milliseconds: number
  /** Milliseconds without a single reply after which a client hangs. */
  readonly patience: number
}

/** What one slice measured. */
export interface SliceFigures {
  readonly requestsPerSecond: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  /** Microseconds of CPU, user and system together, of the client's process. */
  readonly cpuPerRequest: number
  /** Bytes, since the process started. */
  readonly peakRss: number
}

/** How a client stores what it is to read. */
export interface SeedOptions {
  /** Requests in flight. Default: 1. */
  readonly atOnce?: number
  readonly signal?: AbortSignal
}

/** A reply that is not what was stored. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer'
}

interface Loop {
  readonly request: (turn: number) => Promise<void>
  readonly concurrency: number
  readonly milliseconds: number
  /** Of how many requests one is timed. */
  readonly every: number
  readonly patience: number
  readonly signal: AbortSignal | undefined
}

/** A client at work on keys of its own, with what it must read there. */
export class Work {
  readonly #client: Client
  readonly #prefix: string
  readonly #stored: Values
  readonly #setting: Values
  readonly #getKeys: readonly string[]
  readonly #setKeys: readonly string[]
  readonly #latencies = new LatencyRecorder()

  constructor(client: Client, prefix: string, stored: Values, setting: Values) {
    this.#client = client
    this.#prefix = prefix
    this.#stored = stored
    this.#setting = setting
    this.#getKeys = Array.from({ length: stored.count }, (_, index) => `${this.#prefix}:g:${String(index)}`)
    this.#setKeys = Array.from({ length: setting.count }, (_, index) => `${this.#prefix}:s:${String(index)}`)
  }

  /** Every key that it may have stored. */
  get keys(): readonly string[] {
    return [...this.#getKeys, ...this.#setKeys]
  }

  /**
   * Stores what is to be read and reads it, one after another, which every client can, unless it is told otherwise;
   * that warms it up, too.
   *
   * @throws WrongAnswer, Hang, what the client rejects with, or the signal's reason
   */
  async seed(patience: number, { atOnce = 1, signal }: SeedOptions = {}): Promise<void> {
    const progress = watch(patience)
    let over = false
    const each = async (request: (index: number, key: string) => Promise<void>): Promise<void> => {
      const entries = this.#getKeys.entries()
      const worker = async (): Promise<void> => {
        for (const [index, key] of entries) {
          signal?.throwIfAborted()
          // what one of them has failed at, nobody goes on with: the keys may be removed by now
          if (over) return
          await request(index, key)
          progress.done++
        }
      }
      await Promise.all(Array.from({ length: atOnce }, worker))
    }
    const all = async (): Promise<void> => {
      await each(async (index, key) => {
        const reply = await this.#client.set(key, this.#stored.at(index))
        if (!this.#client.stored(reply)) throw new WrongAnswer('a set did not store')
      })
      await each(async (index, key) => {
        const reply = await this.#client.get(key)
        if (!this.#stored.isRight(index, this.#client.valueOf(reply))) {
          throw new WrongAnswer('a get read another value')
        }
      })
    }
    try {
      await Promise.race([all(), progress.hang])
    } finally {
      over = true
      progress.end()
    }
  }

  /**
   * Does a workload for a while, checks every reply, and measures.
   *
   * @throws WrongAnswer, Hang, what the client rejects with, or the signal's reason, once what is in flight is answered
   */
  async run(
    workload: Workload,
    { milliseconds, patience }: SliceTimes,
    signal?: AbortSignal,
  ): Promise<SliceFigures> {
    if (workload.operation === 'set') this.#setting.renew()
    const request = this.#requestOf(workload)
    const loop = { request, concurrency: workload.concurrency, patience, signal }
    const runIn = await this.#loop({ ...loop, milliseconds: milliseconds * RUN_IN, every: 1 })
    this.#latencies.reset()
    const cpu = process.cpuUsage()
    const { rate, requests } = await this.#loop({ ...loop, milliseconds, every: sampleEvery(runIn.rate) })
    const { user, system } = process.cpuUsage(cpu)
    if (workload.operation === 'set') await this.#readBack(Math.min(requests, this.#setKeys.length), patience)
    return {
      requestsPerSecond: rate,
      ...this.#latencies.summarize(),
      cpuPerRequest: (user + system) / requests,
      peakRss: process.resourceUsage().maxRSS * 1_024,
    }
  }

  /** Keeps `concurrency` requests in flight until the time is over and all are answered. */
  async #loop({
    request,
    concurrency,
    milliseconds,
    every,
    patience,
    signal,
  }: Loop): Promise<{ rate: number; requests: number }> {
    signal?.throwIfAborted()
    const latencies = this.#latencies
    const progress = watch(patience)
    let over = false
    let turn = 0
    const start = performance.now()
    const end = start + milliseconds
    const worker = async (): Promise<void> => {
      while (!over) {
        const own = turn++
        if (own % every === 0) {
          const before = performance.now()
          await request(own)
          const now = performance.now()
          latencies.add(now - before)
          if (now >= end) over = true
        } else {
          await request(own)
        }
        progress.done++
      }
    }
    const abort = (): void => {
      over = true
    }
    signal?.addEventListener('abort', abort)
    try {
      await Promise.race([Promise.all(Array.from({ length: concurrency }, worker)), progress.hang])
      signal?.throwIfAborted()
      return { rate: turn / ((performance.now() - start) / 1_000), requests: turn }
    } finally {
      over = true
      progress.end()
      signal?.removeEventListener('abort', abort)
    }
  }

  /** One request of a workload, and the check of its reply. */
  #requestOf({ operation, keys }: Workload): (turn: number) => Promise<void> {
    const client = this.#client
    const stored = this.#stored
    const count = this.#getKeys.length
    switch (operation) {
      case 'get':
        return async (turn) => {
          const index = turn % count
          const reply = await client.get(keyAt(this.#getKeys, index))
          if (!stored.isRight(index, client.valueOf(reply))) throw new WrongAnswer('a get read another value')
        }
      case 'set': {
        const setting = this.#setting
        return async (turn) => {
          const index = turn % count
          const reply = await client.set(keyAt(this.#setKeys, index), setting.at(index))
          if (!client.stored(reply)) throw new WrongAnswer('a set did not store')
        }
      }
      case 'getMany': {
        const length = Math.min(keys, count)
        const windows = Array.from({ length: Math.min(count, Math.ceil(LISTED_KEYS / length)) }, (_, nth) =>
          // far apart, so that requests in flight at once ask for different keys
          Array.from({ length }, (_, offset) => (nth * 37 + offset) % count),
        )
        const lists = windows.map((window) => window.map((index) => keyAt(this.#getKeys, index)))
        return async (turn) => {
          const at = turn % lists.length
          const list = lists[at] ?? []
          const window = windows[at] ?? []
          const replies = await client.getMany(list)
          for (let position = 0; position < list.length; position++) {
            const value = client.valueIn(replies, list[position] ?? '', position)
            if (!stored.isRight(window[position] ?? -1, value)) {
              throw new WrongAnswer('a getMany read another value')
            }
          }
        }
      }
    }
  }

  /** What was set last is there. */
  async #readBack(touched: number, patience: number): Promise<void> {
    const progress = watch(patience)
    const all = async (): Promise<void> => {
      const step = Math.max(1, Math.floor(touched / READ_BACK))
      for (let index = 0; index < touched; index += step) {
        const reply = await this.#client.get(keyAt(this.#setKeys, index))
        if (!this.#setting.isRight(index, this.#client.valueOf(reply))) {
          throw new WrongAnswer('a set was not there to read back')
        }
        progress.done++
      }
    }
    try {
      await Promise.race([all(), progress.hang])
    } finally {
      progress.end()
    }
  }
}

function keyAt(keys: readonly string[], index: number): string {
  return keys[index] ?? ''
}
