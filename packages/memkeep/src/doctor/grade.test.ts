import { describe, expect, it } from 'vitest'
import { finding, sampleReport, serverReport } from '../../test/doctor/sample-report.ts'
import { SEVERITIES, type Severity } from './finding.ts'
import { judgeServer, worstGrade } from './grade.ts'

const SERVER = 'cache1:11211'
const with_ = (...severities: readonly Severity[]): ReturnType<typeof serverReport> =>
  serverReport(
    SERVER,
    severities.map((severity) => finding(`is-${severity}`, severity, SERVER)),
  )

describe('judgeServer', () => {
  it.each<[Severity, string]>([
    ['critical', 'F'],
    ['high', 'D'],
    ['medium', 'C'],
    ['low', 'B'],
    ['info', 'A'],
  ])('gives a server whose worst finding is %s a %s', (severity, grade) => {
    expect(judgeServer(with_(severity))?.grade).toBe(grade)
    // what is milder does not count, however much of it there is
    const milder = SEVERITIES.slice(SEVERITIES.indexOf(severity))
    expect(judgeServer(with_(...milder, ...milder))?.grade).toBe(grade)
  })

  it('gives an A to a server without findings whose version is known, and else a B', () => {
    expect(judgeServer(with_())).toEqual({ grade: 'A', because: 'no finding counts against it' })
    for (const version of [undefined, 'mcrouter', '']) {
      expect(judgeServer({ ...with_('info'), version })?.grade).toBe('B')
    }
    expect(judgeServer({ ...with_('high'), version: undefined })?.grade).toBe('D')
  })

  it('gives none while an area is unknown, unless it is an F already', () => {
    for (const severity of ['info', 'low', 'medium', 'high'] as const) {
      const verdict = judgeServer({ ...with_(severity), unknownAreas: ['authentication', 'tls'] })
      expect(verdict?.grade).toBeUndefined()
      expect(verdict?.because).toBe('not graded, since nothing is known of authentication, tls')
    }
    expect(judgeServer({ ...with_('critical'), unknownAreas: ['tls'] })?.grade).toBe('F')
  })

  it('gives none to a server that was not reached', () => {
    expect(judgeServer({ ...with_(), reached: false })).toBeUndefined()
  })
})

describe('the grade of several servers', () => {
  it('is the worst of theirs', () => {
    expect(worstGrade(['A', 'C', undefined, 'B'])).toBe('C')
    expect(worstGrade([undefined])).toBeUndefined()
    expect(worstGrade([])).toBeUndefined()
    expect(sampleReport().grade).toBe('F')
  })

  it('is none while a server that was reached has none, unless it is an F already', () => {
    const incomplete = { ...with_('info'), unknownAreas: ['disclosure'] as const }
    expect(sampleReport([incomplete, with_('high')]).grade).toBeUndefined()
    expect(sampleReport([incomplete, with_('critical')]).grade).toBe('F')
    expect(sampleReport([{ ...with_(), reached: false }, with_('high')]).grade).toBe('D')
  })

  it('does not count what a baseline accepts, and shows it', () => {
    const server = with_('high')
    const entry = { rule: 'is-high', server: SERVER, severity: 'high', reason: 'Known.' } as const
    const report = sampleReport([server], [entry])
    expect(report.grade).toBe('A')
    expect(report.servers[0]?.accepted).toEqual([{ finding: server.findings[0], reason: 'Known.' }])
  })
})
