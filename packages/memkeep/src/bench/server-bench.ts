import { randomBytes } from 'node:crypto'
import type { Hardening } from '@memkeep/client'
import { MemkeepError } from '@memkeep/core'
import { encryption, Keyring } from '@memkeep/encryption'
import { compare, type Measurement, type Variant } from './measurement.ts'
import { Hang } from './progress.ts'
import { openServerClient, type ServerClient } from './server-client.ts'
import { Work, WrongAnswer, type SliceFigures } from './slice.ts'
import { countKeys, Values } from './values.ts'
import { listWorkloads, nameConcurrency, nameSize, type Grid, type Workload } from './workload.ts'

/** Milliseconds without a single reply after which a server hangs; a single command ends before. */
const PATIENCE = 15_000
/** Seconds that a run may take beyond what it measures. */
const SPARE_SECONDS = 120
/** How many values are stored at once before it is measured: a server may be far away. */
const SEEDS_AT_ONCE = 32
/** How often every workload has its turn. */
const ROUNDS = 3
/** The shortest turn that says anything, in milliseconds. */
const SHORTEST_TURN = 50
/** Bytes of an envelope, a key and an item beside the value, generously. */
const OVERHEAD = 200

/** What is measured on a server. */
export interface ServerBench extends Grid {
  /** `host:port`, or the path of a Unix socket. */
  readonly server: string
  readonly hardening: Hardening
  /** Whether everything is measured once more with values sealed by a key that is thrown away. */
  readonly encryption: boolean
  /** How long is measured, all workloads together. */
  readonly seconds: number
}

/** What was measured on a server. */
export interface ServerReport {
  readonly server: string
  readonly version: string
  /** What its keys begin with. */
  readonly prefix: string
  readonly measurements: readonly Measurement[]
  /** Workloads that would fill the memory of this process. */
  readonly leftOut: readonly Workload[]
  /** Keys that could not be removed. */
  readonly remaining: number
  /** Seconds after which those end. */
  readonly ttl: number
}

/** A client, and what it does with values of one size. */
interface Worker {
  readonly variant: Variant
  readonly client: ServerClient
  readonly work: Work
}

/** The bytes that a run has on the server at a time, at most: values of one size, of each some to read and some to set. */
export function bytesOnServer(sizes: readonly number[], withEncryption: boolean): number {
  const bytes = Math.max(...sizes.map((size) => 2 * countKeys(size) * (size + OVERHEAD)))
  return withEncryption ? 2 * bytes : bytes
}

/**
 * Measures Memkeep's client on a server, on keys of its own that are gone afterwards, however it ends.
 *
 * @throws MemkeepError why the server cannot be measured, or the signal's reason
 */
export async function benchServer(
  bench: ServerBench,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<ServerReport> {
  const { workloads, leftOut } = listWorkloads(bench)
  const variants: readonly Variant[] = bench.encryption ? ['plain', 'encrypted'] : ['plain']
  const turns = workloads.length * variants.length * ROUNDS
  const milliseconds = Math.max(SHORTEST_TURN, (bench.seconds * 1_000) / turns)
  const ttl = bench.seconds + SPARE_SECONDS
  const prefix = `memkeep-bench-${randomBytes(6).toString('hex')}`
  const clients = variants.map((variant) => ({ variant, client: open(bench, variant, ttl) }))
  const measurements: Measurement[] = []
  let version = ''
  let remaining = 0
  try {
    for (const { client } of clients) version = await client.version()
    for (const size of new Set(workloads.map((workload) => workload.size))) {
      const workers = clients.map(({ variant, client }): Worker => {
        const make = (): Values => new Values(size, 'buffer')
        const work = new Work(client, `${prefix}:${variant}:${String(size)}`, make(), make())
        return { variant, client, work }
      })
      try {
        say(`Storing values of ${nameSize(size)}`)
        for (const { work } of workers) await work.seed(PATIENCE, { atOnce: SEEDS_AT_ONCE, signal })
        let concurrency = 0
        for (const workload of workloads.filter((each) => each.size === size)) {
          if (workload.concurrency !== concurrency) say(`${nameSize(size)}, ${nameConcurrency(workload)}`)
          concurrency = workload.concurrency
          measurements.push(compare(workload, await takeTurns(workers, workload, milliseconds, signal)))
        }
      } finally {
        for (const { client, work } of workers) remaining += await client.remove(work.keys)
      }
    }
    return { server: bench.server, version, prefix, measurements, leftOut, remaining, ttl }
  } catch (error) {
    throw inWords(error, bench.server)
  } finally {
    await Promise.all(clients.map(({ client }) => client.close()))
  }
}

/** Every worker in turn, each round beginning with another, so that all see the same machine and network. */
async function takeTurns(
  workers: readonly Worker[],
  workload: Workload,
  milliseconds: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<Variant, readonly SliceFigures[]>> {
  const rounds = new Map(workers.map(({ variant }): [Variant, SliceFigures[]] => [variant, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const { variant, work } of round % 2 === 0 ? workers : workers.toReversed()) {
      rounds.get(variant)?.push(await work.run(workload, { milliseconds, patience: PATIENCE }, signal))
    }
  }
  return rounds
}

function open({ server, hardening }: ServerBench, variant: Variant, ttl: number): ServerClient {
  if (variant === 'plain') return openServerClient(server, hardening, ttl)
  const layer = encryption({ keyring: Keyring.generate(), context: 'memkeep bench' })
  return openServerClient(server, { ...hardening, middleware: [layer] }, ttl)
}

function inWords(error: unknown, server: string): unknown {
  if (error instanceof WrongAnswer) {
    return new MemkeepError(
      'ERR_MEMKEEP_SERVER_ERROR',
      `${server} lost or changed a value that had just been stored (${error.message}): is it short of memory, or was it flushed?`,
      { cause: error },
    )
  }
  if (error instanceof Hang) {
    return new MemkeepError(
      'ERR_MEMKEEP_COMMAND_TIMEOUT',
      `${server} answers no more (${error.message}): look at the server, or ask for less with --concurrency.`,
      { cause: error },
    )
  }
  return error
}
