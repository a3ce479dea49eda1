import type { Found } from './original.ts'

/** What stands in the place of a value that did not open. */
const MISSED = Symbol('missed')
/** The type that memcache-client expects in that place. */
export const missed: Found['value'] = MISSED as unknown as Found['value']

/** What was found, under the key that was asked for; undefined for nothing, and for what did not open. */
export function namedAs(key: string, found: Found | undefined): Found | undefined {
  if (found === undefined || isMissed(found)) return undefined
  if (found.tokens[1] === key) return found
  const tokens = [...found.tokens]
  tokens[1] = key
  return { ...found, tokens }
}

/** The answer to raw text as callers know objects, without what did not open. */
export function asObject(result: unknown): unknown {
  if (!isBare(result)) return result
  return Object.fromEntries(Object.entries(result).filter(([, found]) => !isMissed(found)))
}

function isMissed(found: unknown): boolean {
  return typeof found === 'object' && found !== null && 'value' in found && found.value === MISSED
}

function isBare(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
}
