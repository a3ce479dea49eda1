import { SEVERITIES, type Severity } from './finding.ts'

/** A known finding that is accepted, as a baseline writes it. */
export interface BaselineEntry {
  /** The id of the rule. */
  readonly rule: string
  readonly server: string
  /** Where given, only a finding of this very detail is accepted. */
  readonly detail?: string
  /** How bad it was when it was accepted: one that is worse now is not. */
  readonly severity: Severity
  /** Why it is accepted. */
  readonly reason: string
  /** The last day on which it is, such as `2027-03-31`, in UTC. */
  readonly until?: string
}

/** The shape of a baseline; another number where what is there changes its meaning. */
const FORMAT = 1

const FIELDS = ['rule', 'server', 'detail', 'severity', 'reason', 'until'] as const

/**
 * Reads a baseline. A field that it does not know is an error: one misspelt would accept more than was meant.
 *
 * @throws TypeError that names what is wrong, and where
 */
export function parseBaseline(text: string): readonly BaselineEntry[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new TypeError('it is not JSON', { cause: error })
  }
  if (!isObject(value)) throw new TypeError('it is not an object with "format" and "accepted"')
  rejectUnknown(value, ['format', 'accepted'], 'it')
  if (value['format'] !== FORMAT) throw new TypeError(`its "format" is not ${String(FORMAT)}`)
  const { accepted } = value
  if (!Array.isArray(accepted)) throw new TypeError('its "accepted" is not an array')
  return accepted.map((entry: unknown, index) => parseEntry(entry, `accepted[${String(index)}]`))
}

/** A baseline as a file holds it. */
export function formatBaseline(accepted: readonly BaselineEntry[]): string {
  return `${JSON.stringify({ format: FORMAT, accepted }, FIELDS_AND_MORE, 2)}\n`
}

/** Keeps every entry's fields in one order, so that changes of a baseline read well. */
const FIELDS_AND_MORE = ['format', 'accepted', ...FIELDS]

function parseEntry(entry: unknown, at: string): BaselineEntry {
  if (!isObject(entry)) throw new TypeError(`${at} is not an object`)
  rejectUnknown(entry, FIELDS, at)
  const severity = SEVERITIES.find((one) => one === entry['severity'])
  if (severity === undefined) throw new TypeError(`${at}.severity is none of ${SEVERITIES.join(', ')}`)
  const { detail, until } = entry
  if (detail !== undefined && typeof detail !== 'string') throw new TypeError(`${at}.detail is not text`)
  if (until !== undefined && !isDay(until)) throw new TypeError(`${at}.until is not a day such as 2027-03-31`)
  return {
    rule: textOf(entry, 'rule', at),
    server: textOf(entry, 'server', at),
    ...(detail !== undefined && { detail }),
    severity,
    reason: textOf(entry, 'reason', at),
    ...(until !== undefined && { until }),
  }
}

function textOf(entry: Readonly<Record<string, unknown>>, field: string, at: string): string {
  const value = entry[field]
  if (typeof value === 'string' && value.trim() !== '') return value
  throw new TypeError(`${at}.${field} is missing, or not text`)
}

function isDay(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false
  // a day that there is none of, such as 2027-02-30, comes back as another
  const time = Date.parse(`${value}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value)
}

function rejectUnknown(value: Readonly<Record<string, unknown>>, known: readonly string[], at: string): void {
  const unknown = Object.keys(value).find((field) => !known.includes(field))
  if (unknown !== undefined) {
    throw new TypeError(`${at} has a field "${unknown}" that is none of ${known.join(', ')}`)
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
