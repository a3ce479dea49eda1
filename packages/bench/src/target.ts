import type { Colors } from 'memkeep/internal/bench'

/** What something is to keep to, and whether this run did. */
export interface Target {
  readonly name: string
  /** The ratio that was measured; undefined where one of the two was not. */
  readonly ratio: number | undefined
  /** `at most` or `at least` so much. */
  readonly bound: { readonly most: number } | { readonly least: number }
  readonly kept: boolean
}

export function target(name: string, ratio: number | undefined, bound: Target['bound']): Target {
  const kept = ratio !== undefined && ('most' in bound ? ratio <= bound.most : ratio >= bound.least)
  return { name, ratio, bound, kept }
}

export function ratioOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one / other
}

/** A target in a line for people. */
export function targetLine({ name, ratio, bound, kept }: Target, colors: Colors): string {
  const limit = 'most' in bound ? `at most ${String(bound.most)}` : `at least ${String(bound.least)}`
  const verdict = kept ? colors.green('kept') : colors.yellow('not kept')
  return `${name}: ${ratio?.toFixed(2) ?? 'not measured'} (${limit}) ${verdict}`
}
