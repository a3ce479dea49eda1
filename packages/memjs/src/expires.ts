import { describeInput } from '@memkeep/core/internal'
import { DO_NOT_CREATE } from './frame.ts'

/** What memjs is to be given, and why nothing is to be sent. */
interface Checked {
  readonly taken: readonly unknown[]
  readonly refusal: Error | undefined
}

/** Where the options, or the expiry itself, stand behind the key. In an old form, it stands behind the callback. */
const PLACES: Readonly<Record<string, readonly number[]>> = {
  set: [1, 2],
  add: [1, 2],
  replace: [1, 2],
  increment: [1],
  decrement: [1],
  touch: [0],
}

/**
 * Checks the expiry among what a method was given behind its key. memjs cuts fractions off, so that half a second
 * never ends, and takes NaN for the default.
 */
export function checkExpires(method: string, given: readonly unknown[]): Checked {
  for (const at of PLACES[method] ?? []) {
    const holder = given[at]
    const isOptions = typeof holder === 'object' && holder !== null
    if (!isOptions && at === 1) continue
    const expires = isOptions ? (holder as { readonly expires?: unknown }).expires : holder
    const refusal = typeof expires === 'function' ? undefined : refusalOf(method, expires)
    if (refusal === undefined) continue
    // memjs is to come to the place where calls are refused
    const taken = given.slice()
    taken[at] = isOptions ? { ...holder, expires: 0 } : 0
    return { taken, refusal }
  }
  return { taken: given, refusal: undefined }
}

function refusalOf(method: string, expires: unknown): Error | undefined {
  const isCount = method === 'increment' || method === 'decrement'
  if (isCount && expires === DO_NOT_CREATE) return undefined
  try {
    assertExpires('expires', expires)
    return undefined
  } catch (error) {
    return error as Error
  }
}

/** @throws RangeError for anything but whole seconds, or nothing */
export function assertExpires(name: string, expires: unknown): void {
  if (expires === undefined || expires === null) return
  const isDigits = typeof expires === 'string' && /^\d{1,10}$/.test(expires)
  const seconds = isDigits ? Number(expires) : expires
  if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 0 && seconds < 2 ** 31) return
  throw new RangeError(
    `${name} must be whole seconds from now, or a Unix time in seconds before 2038, not ${describeInput(expires)}`,
  )
}
