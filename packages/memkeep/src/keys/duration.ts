const UNITS = [
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
] as const

const DURATION = /^(\d{1,9})([smhdw])$/
const LONG_NAMES = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' } as const

/** Milliseconds of a duration as people write it: `90s`, `15m`, `1h`, `7d`, `2w`. @throws RangeError for any other text */
export function parseDuration(text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? []
  const size = UNITS.find(([name]) => name === unit)?.[1]
  if (count === undefined || size === undefined) {
    throw new RangeError('write a whole number and a unit: 90s, 15m, 1h, 7d or 2w')
  }
  return Number(count) * size
}

/** A duration as {@link parseDuration} reads it, exactly. */
export function writeDuration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000) * 1000
  const [unit, size] = UNITS.findLast(([, each]) => seconds >= each && seconds % each === 0) ?? UNITS[0]
  return `${String(seconds / size)}${unit}`
}

/** About how long, for people: `3 days`, `1 hour`, `less than a second`. Rounded up, so that nobody comes too early. */
export function aboutDuration(milliseconds: number): string {
  // two of a unit at least, but for seconds: 90 minutes are not 2 hours
  const [unit, size] = UNITS.findLast(([, each]) => milliseconds >= 2 * each) ?? UNITS[0]
  const count = Math.max(1, Math.ceil(milliseconds / size))
  return `${String(count)} ${LONG_NAMES[unit]}${count === 1 ? '' : 's'}`
}
