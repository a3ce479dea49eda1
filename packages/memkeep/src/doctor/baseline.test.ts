import { describe, expect, it } from 'vitest'
import { finding, sampleReport, serverReport } from '../../test/doctor/sample-report.ts'
import { applyBaseline, makeBaseline } from './baseline.ts'
import { formatBaseline, parseBaseline, type BaselineEntry } from './baseline-file.ts'
import type { Finding } from './finding.ts'

const TODAY = '2026-11-25'
const CACHE1 = 'cache1:11211'
const CACHE2 = 'cache2:11211'

const open = finding('key-names-open', 'high', CACHE1, { detail: 'by metadump' })
const entry: BaselineEntry = {
  rule: 'key-names-open',
  server: CACHE1,
  detail: 'by metadump',
  severity: 'high',
  reason: 'The names are hashes.',
}

/** What is left of one server's findings, and what the baseline has to say. */
function applied(
  findings: readonly Finding[],
  entries: readonly BaselineEntry[],
): readonly [string[], string[]] {
  const { servers, notes } = applyBaseline([serverReport(CACHE1, findings)], entries, TODAY)
  return [servers.flatMap((server) => server.findings.map(({ id }) => id)), [...notes]]
}

describe('applyBaseline', () => {
  it('accepts a finding of the same rule, server and detail', () => {
    const { servers, notes } = applyBaseline([serverReport(CACHE1, [open])], [entry], TODAY)
    expect(servers[0]).toMatchObject({ findings: [], accepted: [{ finding: open, reason: entry.reason }] })
    expect(notes).toEqual([])
  })

  it('accepts every detail where it names none', () => {
    const { rule, server, severity, reason } = entry
    const any = { rule, server, severity, reason }
    expect(applied([open, { ...open, detail: 'by cachedump' }], [any])).toEqual([[], []])
  })

  it('hides no finding of another rule', () => {
    const [left, notes] = applied([finding('flush-open', 'high', CACHE1)], [entry])
    expect(left).toEqual(['flush-open'])
    expect(notes).toEqual([
      'The baseline\'s "key-names-open" of cache1:11211 accepts nothing any more: remove it.',
    ])
  })

  it('hides no finding of another server', () => {
    const reports = [serverReport(CACHE1, [open]), serverReport(CACHE2, [{ ...open, server: CACHE2 }])]
    const { servers } = applyBaseline(reports, [entry], TODAY)
    expect(servers.map((server) => server.findings.length)).toEqual([0, 1])
  })

  it('hides no finding that grew worse', () => {
    const [left, notes] = applied([{ ...open, severity: 'critical' }], [entry])
    expect(left).toEqual(['key-names-open'])
    expect(notes).toEqual([
      'The baseline\'s "key-names-open" of cache1:11211 was accepted as high, and is worse now.',
    ])
  })

  it('goes on with one that grew milder', () => {
    expect(applied([{ ...open, severity: 'low' }], [entry])).toEqual([[], []])
  })

  it('hides no finding of another detail', () => {
    const [left, notes] = applied([{ ...open, detail: 'by cachedump' }], [entry])
    expect(left).toEqual(['key-names-open'])
    expect(notes).toEqual([
      'The baseline\'s "key-names-open" of cache1:11211 accepts another detail than what was found.',
    ])
  })

  it('hides nothing after its last day, and says so', () => {
    expect(applied([open], [{ ...entry, until: TODAY }])).toEqual([[], []])
    const [left, notes] = applied([open], [{ ...entry, until: '2026-11-24' }])
    expect(left).toEqual(['key-names-open'])
    expect(notes).toEqual([
      'The baseline\'s "key-names-open" of cache1:11211 expired on 2026-11-24: mend it, or accept it anew.',
    ])
  })

  it('says nothing of servers that were not looked at', () => {
    expect(applied([open], [entry, { ...entry, server: CACHE2 }])[1]).toEqual([])
    const unreached = serverReport(CACHE1, [], { reached: false })
    expect(applyBaseline([unreached], [entry], TODAY).notes).toEqual([])
  })
})

describe('makeBaseline', () => {
  it('accepts all that is found, and nothing more', () => {
    const servers = [serverReport(CACHE1, [open, open, finding('outdated', 'low', CACHE1)])]
    const made = makeBaseline(sampleReport(servers, []).servers, [], TODAY)
    expect(made).toEqual([
      { ...entry, reason: 'Accepted on 2026-11-25 as it was. Say here why.' },
      {
        rule: 'outdated',
        server: CACHE1,
        severity: 'low',
        reason: 'Accepted on 2026-11-25 as it was. Say here why.',
      },
    ])
    const { servers: after, notes } = sampleReport(servers, made)
    expect(after[0]?.findings).toEqual([])
    expect(notes).toEqual([])
  })

  it('keeps reasons and days of before, drops what expired or is mended, and leaves other servers alone', () => {
    const kept = { ...entry, until: '2027-01-31' }
    const other = { ...entry, server: CACHE2 }
    const before = [
      kept,
      other,
      { ...entry, rule: 'mended' },
      { ...entry, rule: 'outdated', until: '2020-01-01' },
    ]
    const servers = [serverReport(CACHE1, [open])]
    expect(makeBaseline(sampleReport(servers, before).servers, before, TODAY)).toEqual([kept, other])
  })

  it('keeps what it knows of a server that was not reached', () => {
    const servers = [serverReport(CACHE1, [], { reached: false })]
    expect(makeBaseline(sampleReport(servers, [entry]).servers, [entry], TODAY)).toEqual([entry])
  })

  it('accepts anew what grew worse', () => {
    const servers = [serverReport(CACHE1, [{ ...open, severity: 'critical' }])]
    const made = makeBaseline(sampleReport(servers, [entry]).servers, [entry], TODAY)
    expect(made.map(({ severity }) => severity)).toEqual(['critical'])
  })
})

describe('a baseline in a file', () => {
  it('comes back as it was written, its fields in one order', () => {
    const text = formatBaseline([{ ...entry, until: '2027-03-31' }])
    expect(parseBaseline(text)).toEqual([{ ...entry, until: '2027-03-31' }])
    expect(text).toMatchInlineSnapshot(`
      "{
        "format": 1,
        "accepted": [
          {
            "rule": "key-names-open",
            "server": "cache1:11211",
            "detail": "by metadump",
            "severity": "high",
            "reason": "The names are hashes.",
            "until": "2027-03-31"
          }
        ]
      }
      "
    `)
  })

  it.each([
    ['{', 'it is not JSON'],
    ['[]', 'it is not an object with "format" and "accepted"'],
    ['{"accepted":[]}', 'its "format" is not 1'],
    ['{"format":2,"accepted":[]}', 'its "format" is not 1'],
    ['{"format":1}', 'its "accepted" is not an array'],
    ['{"format":1,"accepted":[],"ignored":[]}', 'it has a field "ignored"'],
    ['{"format":1,"accepted":[1]}', 'accepted[0] is not an object'],
  ])('%s: %s', (text, message) => {
    expect(() => parseBaseline(text)).toThrow(message)
  })

  it.each([
    [{ untill: '2027-01-01' }, 'accepted[0] has a field "untill" that is none of rule, server'],
    [{ severity: 'bad' }, 'accepted[0].severity is none of critical, high'],
    [{ reason: ' ' }, 'accepted[0].reason is missing, or not text'],
    [{ rule: undefined }, 'accepted[0].rule is missing, or not text'],
    [{ server: 1 }, 'accepted[0].server is missing, or not text'],
    [{ detail: 1 }, 'accepted[0].detail is not text'],
    [{ until: '2027-02-30' }, 'accepted[0].until is not a day such as 2027-03-31'],
    [{ until: 'never' }, 'accepted[0].until is not a day'],
    [{ until: null }, 'accepted[0].until is not a day'],
  ])('refuses an entry with %j', (wrong, message) => {
    expect(() => parseBaseline(JSON.stringify({ format: 1, accepted: [{ ...entry, ...wrong }] }))).toThrow(
      message,
    )
  })
})
