import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { MADE_UP } from './fixtures/report.ts'
import { compareHandshakes } from './handshake-comparison.ts'
import { renderHandshakes } from './handshake-table.ts'
import type { HandshakeReport } from './handshakes.ts'

const rounds = (...medians: number[]) => medians.map((median) => ({ connections: 10, median }))

const REPORT: HandshakeReport = {
  environment: MADE_UP.environment,
  settings: MADE_UP.settings,
  handshakes: compareHandshakes([
    { server: 'TCP', handshake: 'none', rounds: rounds(0.25) },
    { server: 'TLS, P-256', handshake: 'full', rounds: rounds(3, 4, 5) },
    { server: 'TLS, P-256', handshake: 'resumed', rounds: rounds(2, 2, 2) },
    { server: 'mutual TLS, RSA-4096', handshake: 'full', rounds: rounds(20) },
    { server: 'mutual TLS, RSA-4096', handshake: 'resumed', rounds: rounds(25) },
  ]),
}

describe('renderHandshakes', () => {
  const text = renderHandshakes(REPORT, false)

  it('is plain without colours, and the same text with them', () => {
    expect(text).toBe(stripVTControlCharacters(text))
    const colored = renderHandshakes(REPORT, true)
    expect(colored).not.toBe(text)
    expect(stripVTControlCharacters(colored).replaceAll(/ +$/gm, '')).toBe(text)
  })

  it('shows milliseconds, spread, what is beyond TCP, the share of the full one and connections a second', () => {
    expect(text).toMatch(/^one connection +ms +spread +over TCP ms +of full +connections\/s$/m)
    expect(text).toMatch(/^TCP +0\.25 +±0% +- +- +4,000$/m)
    expect(text).toMatch(/^TLS, P-256, full +4\.00 +±25% +3\.75 +- +250$/m)
    expect(text).toMatch(/^TLS, P-256, resumed +2\.00 +±0% +1\.75 +0\.50 +500$/m)
    expect(text).toMatch(/^mutual TLS, RSA-4096, resumed +25\.00 +±0% +24\.75 +1\.25 +40$/m)
  })

  it('says where it was measured, and fits a terminal of 120 columns', () => {
    expect(text).toContain('memcached 1.6.18, Node v20.19.0, 2 × Abacus')
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  })
})
