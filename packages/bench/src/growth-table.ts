import { group, makeTable, printTable, type Colors } from 'memkeep/internal/bench'
import type { GrowthCurve } from './growth.ts'

/** The growth curves as lines of tables. */
export function growthLines(curves: readonly GrowthCurve[], colors: Colors): readonly string[] {
  const subjects = [...new Set(curves.map((curve) => curve.of))]
  return subjects.flatMap((subject) => {
    const own = curves.filter((curve) => curve.of === subject)
    const table = makeTable()
    const steps = own[0]?.points.map(({ step }) => step) ?? []
    table.push([
      colors.bold(`growth: ${subject}`),
      ...steps.map((step) => ({ content: colors.dim(group(step)), hAlign: 'right' as const })),
    ])
    for (const { contestant, points } of own) {
      table.push([
        contestant,
        ...points.map(({ standing }) => ({
          content:
            standing.measured === undefined
              ? (standing.failure?.kind ?? '-')
              : group(standing.measured.requestsPerSecond.median),
          hAlign: 'right' as const,
        })),
      ])
    }
    const reasons = own.flatMap(({ points }) =>
      points.flatMap(({ standing }) => standing.failure?.detail ?? []),
    )
    return ['', printTable(table), ...[...new Set(reasons)].map((reason) => colors.dim(`  ${reason}`))]
  })
}
