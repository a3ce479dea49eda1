import { toExptime } from '@memkeep/core/internal'

/** The commands that `store` may be told. */
const STORE: ReadonlySet<string> = new Set(['set', 'add', 'replace', 'append', 'prepend', 'cas'])
/** The commands that `retrieve` may be told. */
const RETRIEVE: ReadonlySet<string> = new Set(['get', 'gets'])

/** @throws TypeError for what is no command of that kind */
export function assertCommand(kind: 'store' | 'retrieve', command: string): void {
  const commands = kind === 'store' ? STORE : RETRIEVE
  if (commands.has(command)) return
  throw new TypeError(`${kind} takes one of ${[...commands].join(', ')} as its command`)
}

/** What memcached takes for a number of a kind. */
interface Range {
  readonly least: bigint
  readonly most: bigint
  /** What the number must be, for people. */
  readonly what: string
}

const SECONDS: Range = {
  least: -(2n ** 31n),
  most: 2n ** 31n - 1n,
  what: 'whole seconds from now, or a Unix time in seconds, and no milliseconds',
}
export const COUNT: Range = { least: 0n, most: 2n ** 64n - 1n, what: 'a whole number from 0 up to 2^64 - 1' }
export const FLAGS: Range = { least: 0n, most: 2n ** 32n - 1n, what: 'a whole number from 0 up to 2^32 - 1' }

/**
 * A number as it stands in a command line. Nothing else must get there: what follows a line feed runs, and where
 * memcached cannot read a number it refuses the line, and (1.6.39 and older) runs the value that comes after it.
 *
 * @throws RangeError naming the argument
 */
export function wholeNumber(name: string, value: unknown, { least, most, what }: Range): string {
  const text =
    typeof value === 'number' || typeof value === 'string' || typeof value === 'bigint' ? String(value) : ''
  if (/^-?\d{1,20}$/.test(text)) {
    const number = BigInt(text)
    if (number >= least && number <= most) return String(number)
  }
  throw new RangeError(`${name} must be ${what}`)
}

/**
 * An expiry as it stands in a command line, for whole seconds from now or a Unix time.
 *
 * @throws RangeError naming the argument
 */
export function exptimeOf(name: string, seconds: unknown): number {
  return toExptime(name, Number(wholeNumber(name, seconds, SECONDS)))
}
