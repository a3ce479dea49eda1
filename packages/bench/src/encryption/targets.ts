import { DEFAULT, PEERS, SODIUM } from '../contestants/encryption.ts'
import type { WorkloadReport } from '../report.ts'
import { ratioOf, target, type Target } from '../target.ts'
import type { SealingStanding } from './sealing.ts'
import { BARE } from './ways.ts'

const SIZE = 100

/**
 * The targets, by what was measured. The yardstick for sealing and opening alike is a bare seal: `createCipheriv`,
 * `update`, `final` and `getAuthTag`.
 */
export function judge(
  sealing: readonly SealingStanding[],
  endToEnd: readonly WorkloadReport[],
): readonly Target[] {
  const timeOf = (way: string, operation: 'seal' | 'open'): number | undefined =>
    sealing.find((one) => one.way === way && one.operation === operation && one.size === SIZE)?.microseconds
      .median
  const yardstick = timeOf(BARE.name, 'seal')
  return [
    ...(['seal', 'open'] as const).flatMap((operation) => {
      const [own, sodium] = [
        timeOf('Memkeep aes-256-gcm', operation),
        timeOf('Memkeep xchacha20-poly1305', operation),
      ]
      return [
        target(`${operation} 100 B, default: time of a bare seal`, ratioOf(own, yardstick), { most: 1.25 }),
        target(`${operation} 100 B, sodium-native: times faster than it`, ratioOf(yardstick, sodium), {
          least: 3,
        }),
      ]
    }),
    ...endToEnd.flatMap(({ workload, standings }) => {
      const rate = (name: string): number | undefined =>
        standings.find(({ contestant }) => contestant === name)?.measured?.requestsPerSecond.median
      const fastest = Math.max(...PEERS.map(({ name }) => rate(name) ?? 0)) || undefined
      return [SODIUM, DEFAULT].map(({ name }) => {
        const ratio = ratioOf(rate(name), fastest)
        return target(`${workload.operation}, ${name}: of the fastest other client, plain`, ratio, {
          least: 1,
        })
      })
    }),
  ]
}
