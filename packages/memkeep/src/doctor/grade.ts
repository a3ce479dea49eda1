import { SEVERITIES, type Severity } from './finding.ts'
import { GRADES, type Grade, type ServerReport } from './report.ts'
import { parseVersion } from './versions/version.ts'

/** The grade that the worst finding leads to. */
const GRADE_OF: Readonly<Record<Severity, Grade>> = {
  critical: 'F',
  high: 'D',
  medium: 'C',
  low: 'B',
  info: 'A',
}

/** A grade, and what it rests on in words. */
export interface Verdict {
  /** Undefined where areas are unknown that could make it worse. */
  readonly grade: Grade | undefined
  readonly because: string
}

/** The worst severity among findings; undefined where there are none. */
export function worstSeverity(findings: readonly { readonly severity: Severity }[]): Severity | undefined {
  return SEVERITIES.find((severity) => findings.some((finding) => finding.severity === severity))
}

/**
 * Grades a server by the worst of its findings: critical F, high D, medium C, low B, else A. For an A its version must
 * be known, or nobody looked for the faults of it. Undefined for a server that was not reached; no grade but an F where
 * an area is unknown.
 */
export function judgeServer({
  reached,
  findings,
  version,
  unknownAreas,
}: Pick<ServerReport, 'reached' | 'findings' | 'version' | 'unknownAreas'>): Verdict | undefined {
  if (!reached) return undefined
  const worst = worstSeverity(findings)
  if (unknownAreas.length > 0 && worst !== 'critical') {
    return { grade: undefined, because: `not graded, since nothing is known of ${unknownAreas.join(', ')}` }
  }
  if (worst !== undefined && GRADE_OF[worst] !== 'A') {
    return { grade: GRADE_OF[worst], because: `the worst finding is ${worst}` }
  }
  if (parseVersion(version ?? '') === undefined) {
    return { grade: 'B', because: 'no finding is worse, but its version is not known' }
  }
  return {
    grade: 'A',
    because: worst === undefined ? 'no finding counts against it' : 'nothing but remarks was found',
  }
}

/** The worst of grades; undefined where there is none. */
export function worstGrade(grades: readonly (Grade | undefined)[]): Grade | undefined {
  return [...GRADES].reverse().find((grade) => grades.includes(grade))
}
