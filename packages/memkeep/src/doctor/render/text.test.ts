import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import pc from 'picocolors'
import { describe, expect, it } from 'vitest'
import { finding, sampleReport, serverReport } from '../../../test/doctor/sample-report.ts'
import { renderText } from './text.ts'
import { wrap } from './wrap.ts'

const PLAIN = pc.createColors(false)
const COLORS = pc.createColors(true)

describe('renderText', () => {
  it('says everything there is to say', () => {
    expect(renderText(sampleReport(), PLAIN, 100)).toMatchSnapshot()
  })

  it('is the same text with colours', () => {
    const text = renderText(sampleReport(), COLORS, 100)
    expect(text).not.toBe(stripVTControlCharacters(text))
    expect(stripVTControlCharacters(text)).toBe(renderText(sampleReport(), PLAIN, 100))
  })

  it.each([60, 80, 100])('keeps to %i columns', (columns) => {
    const lines = renderText(sampleReport(), PLAIN, columns).split('\n')
    expect(lines.filter((line) => line.length > columns)).toEqual([])
  })

  it('is no wider than people read, however wide the terminal', () => {
    expect(renderText(sampleReport(), PLAIN, 300)).toBe(renderText(sampleReport(), PLAIN, 100))
  })

  it('shows the worst first, and what to do next', () => {
    const text = renderText(sampleReport(), PLAIN)
    const order = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFO'].map((severity) => text.indexOf(severity))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(text).toMatch(/\nNext {2}cache1\.example:11211: Strangers may run commands\. Start memcached with/)
  })

  it('has nothing to do next where nothing is wrong', () => {
    const text = renderText(sampleReport([serverReport('cache1:11211')], []), PLAIN)
    expect(text).not.toContain('Next')
    expect(text).toContain(' A  1 server; no findings')
  })

  it('lets no server steer the terminal', () => {
    const evil = '\u001b[2J\u001b]0;owned\u0007\u202egnp.exe\r\nHIGH'
    const server = serverReport(
      'cache1:11211',
      [finding('x', 'high', 'cache1:11211', { detail: evil, evidence: [{ sent: evil, received: evil }] })],
      { version: evil, facts: [{ name: evil, value: evil }], unknowns: [evil] },
    )
    const unreached = serverReport('cache2:11211', [], { reached: false, failure: evil })
    const text = renderText(sampleReport([server, unreached], []), PLAIN)
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(text).toContain('\\u{1b}[2J')
  })
})

describe('wrap', () => {
  it('loses no word, and breaks none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1 }).filter((word) => !word.includes(' '))),
        fc.integer({ min: 1, max: 80 }),
        (words, width) => {
          const lines = wrap(words.join(' '), width)
          expect(
            lines
              .join(' ')
              .split(' ')
              .filter((word) => word !== ''),
          ).toEqual(words)
          for (const line of lines) expect(line.length <= width || !line.includes(' ')).toBe(true)
        },
      ),
    )
  })
})
