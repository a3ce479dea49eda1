import type { Area, Finding } from './finding.ts'

/** A grade, the best first. */
export const GRADES = ['A', 'B', 'C', 'D', 'F'] as const
export type Grade = (typeof GRADES)[number]

/** A known finding that was accepted. */
export interface Accepted {
  readonly finding: Finding
  /** Why, as the baseline says. */
  readonly reason: string
}

/** What the audit of one server came to. */
export interface ServerReport {
  /** `host:port`, `[::1]:11211` or a path. */
  readonly server: string
  /** Whether it could be audited at all; if not, `failure` says why, and there are no findings. */
  readonly reached: boolean
  readonly failure: string | undefined
  /** memcached's version, where it told it. */
  readonly version: string | undefined
  /** What was found out, in order and in words: `TLS: 1.3 and 1.2`, `Authentication: SASL (SCRAM-SHA-256)`. */
  readonly facts: readonly { readonly name: string; readonly value: string }[]
  /** The worst first. */
  readonly findings: readonly Finding[]
  /** What could not be found out, and why: so that silence is not taken for health. */
  readonly unknowns: readonly string[]
  /** The areas of which nothing could be found out. There is no grade without them, unless it is an F already. */
  readonly unknownAreas: readonly Area[]
}

/** A server's report with what is made of it. */
export interface JudgedServer extends ServerReport {
  /** Undefined where it was not reached, or areas are unknown. */
  readonly grade: Grade | undefined
  readonly accepted: readonly Accepted[]
}

/** The report of a whole audit: what `--json` prints, and the other reports are made of. */
export interface AuditReport {
  /** The shape of this report; another number where what is there changes its meaning. What is added does not. */
  readonly format: 1
  /** The version of this package. */
  readonly tool: string
  /** ISO 8601, UTC. */
  readonly date: string
  /** The worst of the servers' grades; undefined where none was reached, or one that was reached has none. */
  readonly grade: Grade | undefined
  readonly servers: readonly JudgedServer[]
  /** What is to be known of the audit itself, such as entries of the baseline that have expired. */
  readonly notes: readonly string[]
}
