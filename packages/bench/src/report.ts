import { listWorkloads, nameWorkload, type Workload } from 'memkeep/internal/bench'
import { Budget } from './budget.ts'
import type { Contestant, Layers } from './contestants/contestant.ts'
import { describeEnvironment, type Environment } from './environment.ts'
import { measureGrowth, type GrowthCurve } from './growth.ts'
import type { Plan } from './plan.ts'
import { isFault, rank, type Standing } from './ranking.ts'
import { interleave } from './rounds.ts'
import { Seat } from './seat.ts'
import { Servers } from './servers.ts'

/** Where the worker finds the contestants; the built module, which a child can run. */
export const CONTESTANTS_URL: string = new URL('../dist/contestants/index.js', import.meta.url).href

/** One workload, and how everyone fared. */
export interface WorkloadReport {
  readonly workload: Workload
  readonly standings: readonly Standing[]
}

/** Who took part. */
export interface Participation {
  readonly name: string
  readonly kind: Contestant['kind']
  readonly layers: Layers
}

/** One run of the bench. */
export interface Report {
  readonly environment: Environment
  readonly settings: { readonly rounds: number; readonly slice: number; readonly patience: number }
  readonly contestants: readonly Participation[]
  readonly workloads: readonly WorkloadReport[]
  /** What was left out, since it would fill the memory or the minute. */
  readonly leftOut: readonly Workload[]
  readonly growth: readonly GrowthCurve[]
  /** Whether no Memkeep contestant hung, answered wrongly or failed. */
  readonly sound: boolean
}

/** Measures everything that the plan says, against real servers that end with it. */
export async function measure(
  plan: Plan,
  onProgress: (step: string) => void,
  source: string = CONTESTANTS_URL,
): Promise<Report> {
  const { contestants, rounds, slice, patience } = plan
  const environment = await describeEnvironment(contestants)
  const { workloads, leftOut } = listWorkloads(plan)
  const slices = workloads.length * contestants.length * (rounds + 1)
  const budget = new Budget({ slices, wanted: slice, total: plan.budget })
  await using servers = new Servers()
  const reports: WorkloadReport[] = []
  for (const size of plan.sizes) {
    // new processes for every size, so that the memory of one is its own
    const seats = await takeSeats(plan, servers, source)
    try {
      for (const workload of workloads.filter((one) => one.size === size)) {
        onProgress(`${nameWorkload(workload)} (${String(reports.length + 1)} of ${String(workloads.length)})`)
        const entries = seats.map((participant) => ({ participant, workload }))
        reports.push({ workload, standings: rank(await interleave(entries, rounds, budget), contestants) })
      }
    } finally {
      await Promise.all(seats.map((seat) => seat.leave()))
    }
  }
  const growth = plan.growth ? await measureGrowth(plan, servers, source, onProgress) : []
  return {
    environment,
    settings: { rounds, slice, patience },
    contestants: contestants.map(({ name, kind, layers }) => ({ name, kind, layers })),
    workloads: reports,
    leftOut,
    growth,
    sound: isSound(contestants, reports, growth),
  }
}

function takeSeats(
  { contestants, patience }: Plan,
  servers: Servers,
  source: string,
): Promise<readonly Seat[]> {
  return Promise.all(
    contestants.map(async (contestant, index) => {
      const target = await servers.targetFor(contestant.layers)
      return new Seat({ contestant, source, target, prefix: `bench:${String(index)}`, patience })
    }),
  )
}

function isSound(
  contestants: readonly Contestant[],
  workloads: readonly WorkloadReport[],
  growth: readonly GrowthCurve[],
): boolean {
  const ours = new Set(contestants.flatMap(({ kind, name }) => (kind === 'memkeep' ? [name] : [])))
  const standings = [
    ...workloads.flatMap(({ standings }) => standings),
    ...growth.flatMap(({ points }) => points.map(({ standing }) => standing)),
  ]
  return !standings.some(({ contestant, failure }) => ours.has(contestant) && isFault(failure))
}
