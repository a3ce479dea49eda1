import type { Workload } from 'memkeep/internal/bench'
import { Budget } from './budget.ts'
import { CEILINGS } from './contestants/ceiling.ts'
import type { Contestant } from './contestants/contestant.ts'
import { MEMKEEP } from './contestants/memkeep.ts'
import type { Plan } from './plan.ts'
import { rank, type Standing } from './ranking.ts'
import { interleave } from './rounds.ts'
import { Seat } from './seat.ts'
import type { Servers } from './servers.ts'

/** What grows, one step after another, and with what it is measured. */
interface Growth {
  /** What grows, in words. */
  readonly of: string
  readonly steps: readonly number[]
  readonly contestants: readonly Contestant[]
  readonly workload: (step: number) => Workload
  readonly servers?: (step: number) => number
  readonly connections?: (step: number) => number
}

/** One point of a curve. */
export interface GrowthPoint {
  readonly step: number
  readonly workload: Workload
  readonly standing: Standing
}

/** How throughput grows with one thing. */
export interface GrowthCurve {
  readonly of: string
  readonly contestant: string
  readonly points: readonly GrowthPoint[]
}

const GET: Workload = { operation: 'get', size: 100, concurrency: 256, keys: 1 }

const isUnsealed = ({ layers }: Contestant): boolean => !layers.encryption && !layers.sasl
const CLIENTS = MEMKEEP.filter(isUnsealed)
const PLAIN_CLIENT = CLIENTS.filter(({ layers }) => !layers.tls)

const GROWTHS: readonly Growth[] = [
  {
    of: 'connections',
    steps: [1, 2, 4, 8],
    contestants: CLIENTS,
    workload: () => GET,
    connections: (step) => step,
  },
  {
    of: 'servers',
    steps: [1, 2, 3, 4, 5, 6, 7, 8],
    contestants: PLAIN_CLIENT,
    workload: () => GET,
    servers: (step) => step,
  },
  {
    of: 'keys per getMany',
    steps: [1, 10, 100, 1_000],
    contestants: [...CEILINGS, ...CLIENTS],
    workload: (step) => ({ operation: 'getMany', size: 100, concurrency: 8, keys: step }),
  },
  {
    of: 'bytes of a value',
    steps: [10, 100, 1_000, 10_000, 100_000, 1_000_000],
    contestants: [...CEILINGS, ...CLIENTS],
    workload: (step) => ({ operation: 'get', size: step, concurrency: 32, keys: 1 }),
  },
]

/** Measures every curve; all points of one in the same rounds. */
export async function measureGrowth(
  plan: Plan,
  servers: Servers,
  source: string,
  onProgress: (step: string) => void,
): Promise<readonly GrowthCurve[]> {
  const curves: GrowthCurve[] = []
  for (const growth of GROWTHS) {
    const taking = growth.contestants.filter(({ name }) => plan.contestants.some((one) => one.name === name))
    if (taking.length === 0) continue
    onProgress(`growth: ${growth.of}`)
    curves.push(...(await measureCurve(growth, taking, plan, servers, source)))
  }
  return curves
}

async function measureCurve(
  growth: Growth,
  contestants: readonly Contestant[],
  { rounds, slice, patience }: Plan,
  servers: Servers,
  source: string,
): Promise<readonly GrowthCurve[]> {
  const points: { step: number; contestant: Contestant; participant: Seat; workload: Workload }[] = []
  try {
    for (const step of growth.steps) {
      for (const contestant of contestants) {
        const target = await servers.targetFor(contestant.layers, growth.servers?.(step))
        const connections = growth.connections?.(step)
        const participant = new Seat({
          contestant,
          source,
          target: { ...target, connections },
          prefix: `growth:${growth.of.replaceAll(' ', '-')}:${String(step)}:${String(points.length)}`,
          patience,
        })
        points.push({ step, contestant, participant, workload: growth.workload(step) })
      }
    }
    const budget = new Budget({ slices: points.length * (rounds + 1), wanted: slice })
    const outcomes = await interleave(points, rounds, budget)
    return contestants.map((contestant) => ({
      of: growth.of,
      contestant: contestant.name,
      points: points.flatMap((point, index) => {
        if (point.contestant !== contestant) return []
        const [standing] = rank(outcomes.slice(index, index + 1), contestants)
        return standing === undefined ? [] : [{ step: point.step, workload: point.workload, standing }]
      }),
    }))
  } finally {
    await Promise.all(points.map(({ participant }) => participant.leave()))
  }
}
