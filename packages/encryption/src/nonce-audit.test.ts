import { fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { ENVELOPE_ALGORITHMS, Keyring } from './index.ts'

const PROCESSES = 4
const VALUES = 1_000_000
const RECORD_BYTES = 24
const SALT_BYTES = 16

/** What one thread of a process does; its code is in `test/nonce-audit`, and runs the built package. */
interface Task {
  readonly keys: string
  readonly algorithm: string
  readonly values: number
  readonly sessionLimit?: number
  readonly repeats?: boolean
}

/** The salts and counters that the threads of one process used, 24 bytes each. */
async function run(tasks: readonly Task[]): Promise<readonly Uint8Array[]> {
  const child = fork(new URL('../test/nonce-audit/process.mjs', import.meta.url), {
    serialization: 'advanced',
    execArgv: [],
  })
  child.send(tasks)
  const [records] = (await once(child, 'message')) as [readonly Uint8Array[]]
  return records
}

/** How many values there were, how many sessions, and how many times a salt came with a counter that it had had. */
function audit(all: readonly Uint8Array[]): {
  values: number
  sessions: number
  repeated: number
  gaps: number
} {
  const counters = new Map<string, Set<bigint>>()
  let values = 0
  let repeated = 0
  for (const bytes of all) {
    const records = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at < records.length; at += RECORD_BYTES) {
      const salt = records.toString('latin1', at, at + SALT_BYTES)
      const counter = records.readBigUInt64BE(at + SALT_BYTES)
      const seen = counters.get(salt) ?? new Set()
      if (seen.has(counter)) repeated++
      counters.set(salt, seen.add(counter))
      values++
    }
  }
  const gaps = [...counters.values()].filter((seen) => !seen.has(BigInt(seen.size - 1))).length
  return { values, sessions: counters.size, repeated, gaps }
}

const keys = Keyring.generate().exportText()
/** Every algorithm with sessions that last, and once more with sessions that end after a few values. */
const ways = ENVELOPE_ALGORITHMS.flatMap((algorithm) => [{ algorithm }, { algorithm, sessionLimit: 500 }])

test('a million values of several processes and threads, under one key: no salt and counter twice', async () => {
  const values = Math.ceil(VALUES / PROCESSES / ways.length)
  const tasks = ways.map((way) => ({ keys, values, ...way }))
  const records = await Promise.all(Array.from({ length: PROCESSES }, () => run(tasks)))
  const half = Math.ceil(values / 2 / 500)
  expect(audit(records.flat())).toEqual({
    values: values * PROCESSES * ways.length,
    // two each, for a new one is asked for half way; or one for every 500 values of either half
    sessions: PROCESSES * ENVELOPE_ALGORITHMS.length * (2 + 2 * half),
    repeated: 0,
    gaps: 0,
  })
})

test('a thread that repeats a salt and counter is found', async () => {
  const records = await run([{ keys, algorithm: 'aes-256-gcm', values: 10, repeats: true }])
  expect(audit(records)).toMatchObject({ values: 10, repeated: 1 })
})
