/** The middle of a few measurements, the quartiles around it, and the ends. */
export interface Summary {
  readonly median: number
  readonly lower: number
  readonly upper: number
  readonly min: number
  readonly max: number
}

/** @throws RangeError when there is nothing to summarize */
export function summarize(numbers: readonly number[]): Summary {
  if (numbers.length === 0) throw new RangeError('There is nothing to summarize')
  const sorted = numbers.toSorted((a, b) => a - b)
  return {
    median: medianOf(numbers),
    lower: percentileOf(sorted, 25),
    upper: percentileOf(sorted, 75),
    min: percentileOf(sorted, 0),
    max: percentileOf(sorted, 100),
  }
}

/** The middle, or the mean of the two in the middle; NaN of nothing. */
export function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? NaN
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? NaN) + upper) / 2 : upper
}

/** How far apart the quartiles lie, as a share of the median on either side. */
export function spreadOf({ median, lower, upper }: Summary): number {
  return (upper - lower) / 2 / median
}

/** The nearest-rank percentile of ascending numbers; NaN of nothing. */
export function percentileOf(sorted: ArrayLike<number>, percent: number): number {
  const rank = Math.ceil((percent / 100) * sorted.length)
  return sorted[Math.max(0, rank - 1)] ?? NaN
}
