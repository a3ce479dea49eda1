/** The middle of a few measurements, and between which they lie. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** @throws RangeError when there is nothing to summarize */
export function summarize(numbers: readonly number[]): Summary {
  if (numbers.length === 0) throw new RangeError('There is nothing to summarize')
  return { median: medianOf(numbers), min: Math.min(...numbers), max: Math.max(...numbers) }
}

/** The middle, or the mean of the two in the middle; NaN of nothing. */
export function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? NaN
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? NaN) + upper) / 2 : upper
}

/** How far apart the measurements lie, as a share of their median on either side. */
export function spreadOf({ median, min, max }: Summary): number {
  return (max - min) / 2 / median
}

/** The nearest-rank percentile of ascending numbers; NaN of nothing. */
export function percentileOf(sorted: ArrayLike<number>, percent: number): number {
  const rank = Math.ceil((percent / 100) * sorted.length)
  return sorted[Math.max(0, rank - 1)] ?? NaN
}
