import { applyBaseline } from './baseline.ts'
import type { BaselineEntry } from './baseline-file.ts'
import { judgeServer, worstGrade } from './grade.ts'
import type { AuditReport, Grade, JudgedServer, ServerReport } from './report.ts'

/** What a report is made with. */
export interface JudgeOptions {
  /** The version of this package. */
  readonly tool: string
  readonly date: Date
  /** Findings that are accepted. */
  readonly baseline: readonly BaselineEntry[]
}

/** Makes the report of an audit of what was found: with grades, and without what is accepted. */
export function judge(reports: readonly ServerReport[], { tool, date, baseline }: JudgeOptions): AuditReport {
  const { servers, notes } = applyBaseline(reports, baseline, date.toISOString().slice(0, 10))
  const judged = servers.map((server) => ({ ...server, grade: judgeServer(server)?.grade }))
  return {
    format: 1,
    tool,
    date: date.toISOString(),
    grade: gradeOf(judged),
    servers: judged,
    notes,
  }
}

/** The worst grade. A server that was reached and has none leaves no grade but an F, which cannot get worse. */
function gradeOf(servers: readonly JudgedServer[]): Grade | undefined {
  const worst = worstGrade(servers.map(({ grade }) => grade))
  const isOpen = servers.some(({ reached, grade }) => reached && grade === undefined)
  return isOpen && worst !== 'F' ? undefined : worst
}
