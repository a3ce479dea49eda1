import { contestants } from '../contestants/encryption.ts'
import { describeEnvironment, type Environment } from '../environment.ts'
import type { Plan } from '../plan.ts'
import { measure, type WorkloadReport } from '../report.ts'
import { measureSealing, type SealingStanding } from './sealing.ts'
import type { Target } from '../target.ts'
import { judge } from './targets.ts'

/** Where the worker finds who runs end to end; the built module, which a child can run. */
const SOURCE = new URL('../../dist/contestants/encryption.js', import.meta.url).href
/** What is run end to end. */
const END_TO_END = { sizes: [100], concurrency: [256], growth: false, maxManyConcurrency: 1 }

/** One run that measured encryption. */
export interface EncryptionReport {
  readonly environment: Environment
  readonly settings: { readonly rounds: number; readonly slice: number; readonly patience: number }
  readonly sealing: readonly SealingStanding[]
  /** Memkeep with every layer, beside the other clients without any. */
  readonly endToEnd: readonly WorkloadReport[]
  readonly targets: readonly Target[]
  /** Whether no Memkeep contestant hung, answered wrongly or failed. */
  readonly sound: boolean
}

/** Measures what encryption costs: on its own, and end to end over TLS and SASL against other clients without any. */
export async function measureEncryption(
  plan: Omit<Plan, 'contestants'>,
  onProgress: (step: string) => void,
  sizes?: readonly number[],
): Promise<EncryptionReport> {
  const { rounds, slice, patience } = plan
  const sealing = measureSealing(plan, onProgress, sizes)
  const { workloads, sound } = await measure({ ...plan, ...END_TO_END, contestants }, onProgress, SOURCE)
  return {
    environment: await describeEnvironment(contestants),
    settings: { rounds, slice, patience },
    sealing,
    endToEnd: workloads,
    targets: judge(sealing, workloads),
    sound,
  }
}
