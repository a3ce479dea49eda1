import { readFile } from 'node:fs/promises'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { finding, sampleReport, serverReport } from '../../../test/doctor/sample-report.ts'
import type { AuditReport } from '../report.ts'
import { renderSarif } from './sarif.ts'

interface SarifResult {
  readonly ruleId: string
  readonly ruleIndex: number
  readonly level: string
  readonly message: { readonly text: string }
  readonly locations: readonly [
    { readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } } },
  ]
  readonly partialFingerprints: Readonly<Record<string, string>>
  readonly suppressions: readonly unknown[]
}

interface SarifRun {
  readonly tool: {
    readonly driver: { readonly rules: readonly { readonly id: string; readonly properties: object }[] }
  }
  readonly invocations: readonly [
    {
      readonly executionSuccessful: boolean
      readonly toolExecutionNotifications: readonly {
        readonly level: string
        readonly message: { readonly text: string }
      }[]
    },
  ]
  readonly results: readonly SarifResult[]
}

function runOf(report: AuditReport): SarifRun {
  const { runs } = JSON.parse(renderSarif(report)) as { readonly runs: readonly [SarifRun] }
  return runs[0]
}

/** Validates with the official schema. It is of draft 4, which differs from later ones in the names of these alone. */
async function validator(): Promise<(log: unknown) => readonly unknown[]> {
  const path = new URL('../../../test/doctor/sarif/sarif-2.1.0-rtm.5.json', import.meta.url)
  const schema = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  delete schema['$schema']
  delete schema['id']
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false })
  addFormats.default(ajv)
  const validate = ajv.compile(schema)
  return (log) => (validate(log) ? [] : (validate.errors ?? []))
}

describe('renderSarif', () => {
  it('fulfils the schema of SARIF 2.1.0', async () => {
    const validate = await validator()
    for (const report of [
      sampleReport(),
      sampleReport([], []),
      sampleReport([serverReport('cache1:11211')], []),
    ]) {
      expect(validate(JSON.parse(renderSarif(report)))).toEqual([])
    }
    // or it would fulfil anything
    const broken = JSON.parse(renderSarif(sampleReport()).replaceAll('"error"', '"terrible"')) as unknown
    expect(validate(broken)).not.toEqual([])
  })

  it('makes no link of what a server sent', () => {
    for (const attack of ['[click](https://evil.example)', '\\[click\\](https://evil.example)']) {
      const server = serverReport(
        '[::1]:11211',
        [finding('self-signed', 'medium', '[::1]:11211', { detail: attack })],
        {
          unknowns: [attack],
        },
      )
      const { results, invocations } = runOf(sampleReport([server], []))
      const texts = [results[0]?.message.text, invocations[0].toolExecutionNotifications[0]?.message.text]
      for (const text of texts) {
        // what is left when escaped characters are taken out
        expect(text?.replace(/\\[\\[\]]/g, '')).not.toMatch(/[[\]\\]/)
        expect(text).toContain('https://evil.example')
      }
    }
  })

  it('has a result for every finding, those that are accepted among them', () => {
    const { results, tool } = runOf(sampleReport())
    expect(results.map(({ ruleId, level }) => `${ruleId} ${level}`)).toEqual([
      'anonymous-commands error',
      'udp-open error',
      'cve-2026-47783 warning',
      'outdated note',
      'session-tickets note',
      'outdated note',
    ])
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId)
    expect(results.map(({ suppressions }) => suppressions.length)).toEqual([0, 0, 0, 0, 0, 1])
    expect(results[5]?.suppressions[0]).toEqual({
      kind: 'external',
      status: 'accepted',
      justification: 'The distribution mends this version until 2028.',
    })
  })

  it('scores each rule by the worst of what it found', () => {
    const report = sampleReport(
      [
        serverReport('cache1:11211', [finding('x', 'low', 'cache1:11211')]),
        serverReport('cache2:11211', [
          finding('x', 'critical', 'cache2:11211'),
          finding('y', 'info', 'cache2:11211'),
        ]),
      ],
      [],
    )
    const { tool, results } = runOf(report)
    expect(tool.driver.rules.map(({ id, properties }) => ({ id, ...properties }))).toEqual([
      expect.objectContaining({ id: 'x', 'security-severity': '9.5' }),
      expect.not.objectContaining({ 'security-severity': expect.anything() as unknown }),
    ])
    expect(results.map(({ level }) => level)).toEqual(['note', 'error', 'note'])
  })

  it('gives a finding the same fingerprint whatever its evidence, and another in another place', () => {
    const of = (server: string, more: Parameters<typeof finding>[3] = {}): unknown =>
      runOf(sampleReport([serverReport(server, [finding('x', 'low', server, more)])], [])).results[0]
        ?.partialFingerprints
    expect(of('cache1:11211')).toEqual(of('cache1:11211', { evidence: [{ sent: 'a', received: 'b' }] }))
    expect(of('cache1:11211')).not.toEqual(of('cache2:11211'))
    expect(of('cache1:11211')).not.toEqual(of('cache1:11211', { detail: 'by cachedump' }))
    expect(of('cache1:11211')).toEqual({
      'memkeepFinding/v1': '6cd034b26291f4a046cea919daa1d8c1faf813674368c69492234a02083f4f8a',
      primaryLocationLineHash: '6cd034b26291f4a0:1',
    })
  })

  it.each([
    ['cache1:11211', 'memcached/cache1/11211'],
    ['[2001:db8::11]:11211', 'memcached/%5B2001%3Adb8%3A%3A11%5D/11211'],
    ['/run/memcached/memcached.sock', 'memcached/run/memcached/memcached.sock'],
  ])('gives %s a place that views of code can show', (server, uri) => {
    const { results } = runOf(sampleReport([serverReport(server, [finding('x', 'low', server)])], []))
    expect(results[0]?.locations[0].physicalLocation.artifactLocation.uri).toBe(uri)
  })

  it('says what was not reached, and what is not known', () => {
    const [invocation] = runOf(sampleReport()).invocations
    expect(invocation.executionSuccessful).toBe(false)
    expect(invocation.toolExecutionNotifications.map(({ level }) => level)).toEqual(['note', 'note', 'error'])
    const [good] = runOf(sampleReport([serverReport('cache1:11211')], [])).invocations
    expect(good).toMatchObject({ executionSuccessful: true, toolExecutionNotifications: [] })
  })
})
