import pc from 'picocolors'
import { nameWorkload } from 'memkeep/internal/bench'
import { contestants, COUNTERPARTS } from '../contestants/adapters.ts'
import type { Environment } from '../environment.ts'
import type { Plan } from '../plan.ts'
import { measure, type WorkloadReport } from '../report.ts'
import { standingsTable } from '../standings-table.ts'
import { ratioOf, target, targetLine, type Target } from '../target.ts'

/** Where the worker finds the contestants; the built module, which a child can run. */
const SOURCE = new URL('../../dist/contestants/adapters.js', import.meta.url).href
const MEASURED = { sizes: [100, 10_000], concurrency: [32, 256], growth: false, maxManyConcurrency: 32 }

const LEGEND = [
  'beside  requests per second beside those of what it takes the place of, in the same rounds',
  'hangs   stopped answering; what memcached before 1.6.39 does when commands are cut across TLS records',
]

/** One run that measured adapters. */
export interface AdaptersReport {
  readonly environment: Environment
  readonly settings: { readonly rounds: number; readonly slice: number; readonly patience: number }
  readonly workloads: readonly WorkloadReport[]
  readonly targets: readonly Target[]
  /** Whether none of ours hung, answered wrongly or failed. */
  readonly sound: boolean
}

/** Measures Keyv, cache-manager and memcache-client over Memkeep, each beside what it takes the place of. */
export async function measureAdapters(
  plan: Omit<Plan, 'contestants'>,
  onProgress: (step: string) => void,
  only: Partial<Pick<Plan, 'sizes' | 'concurrency'>> = {},
): Promise<AdaptersReport> {
  const report = await measure({ ...plan, ...MEASURED, ...only, contestants }, onProgress, SOURCE)
  const { environment, settings, workloads, sound } = report
  return { environment, settings, workloads, targets: judge(workloads), sound }
}

/** The targets, by what was measured: those of Keyv with 100 bytes, 32 at once. */
export function judge(workloads: readonly WorkloadReport[]): readonly Target[] {
  return workloads
    .filter(({ workload }) => workload.size === 100 && workload.concurrency === 32)
    .map((report) =>
      target(
        `Keyv over Memkeep, ${nameWorkload(report.workload)}: times @keyv/memcache`,
        ratioOf(rateOf(report, 'Keyv over Memkeep'), rateOf(report, 'Keyv over @keyv/memcache')),
        { least: report.workload.operation === 'getMany' ? 5 : 1.5 },
      ),
    )
}

/** The report as tables for people. */
export function renderAdapters(
  { environment, settings, workloads, targets }: AdaptersReport,
  color: boolean,
): string {
  const colors = pc.createColors(color)
  return [
    '',
    `${colors.bold('Adapters')}  memcached ${environment.memcached}, Node ${environment.node}, ${String(environment.cpus)} × ${environment.cpuModel}`,
    colors.dim(
      `${String(settings.rounds)} rounds of ${String(settings.slice)} ms each; all share the machine: read ratios`,
    ),
    '',
    ...workloads.flatMap((report) => [
      standingsTable(
        report,
        { name: 'beside', of: (name) => rateOf(report, COUNTERPARTS.get(name)) },
        colors,
      ),
      '',
    ]),
    ...targets.map((each) => targetLine(each, colors)),
    '',
    ...LEGEND,
    '',
  ].join('\n')
}

function rateOf({ standings }: WorkloadReport, name: string | undefined): number | undefined {
  return standings.find(({ contestant }) => contestant === name)?.measured?.requestsPerSecond.median
}
