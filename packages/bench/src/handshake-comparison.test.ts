import { describe, expect, it } from 'vitest'
import { compareHandshakes, type HandshakeOutcome } from './handshake-comparison.ts'

const outcome = (
  server: string,
  handshake: HandshakeOutcome['handshake'],
  ...medians: number[]
): HandshakeOutcome => ({
  server,
  handshake,
  rounds: medians.map((median) => ({ connections: 10, median })),
})

describe('compareHandshakes', () => {
  it('says the median of the rounds, and what it is beside TCP and beside the full handshake', () => {
    const [plain, full, resumed, other] = compareHandshakes([
      outcome('TCP', 'none', 0.5, 9, 0.25),
      outcome('TLS, P-256', 'full', 4, 5, 3),
      outcome('TLS, P-256', 'resumed', 2, 3, 1),
      outcome('TLS, RSA-4096', 'resumed', 1, 1, 1),
    ])
    expect(plain).toMatchObject({ milliseconds: { median: 0.5, min: 0.25, max: 9 } })
    expect(plain).not.toHaveProperty('overTcp')
    expect(plain).not.toHaveProperty('ofFull')
    expect(full).toMatchObject({ milliseconds: { median: 4, lower: 3, upper: 5 }, overTcp: 3.5 })
    expect(full).not.toHaveProperty('ofFull')
    expect(resumed).toMatchObject({ milliseconds: { median: 2 }, overTcp: 1.5, ofFull: 0.5 })
    expect(other, 'no full one to the same server').not.toHaveProperty('ofFull')
  })

  it('compares with nothing that was not measured', () => {
    const [alone] = compareHandshakes([outcome('TLS, P-256', 'full', 4)])
    expect(alone).not.toHaveProperty('overTcp')
  })
})
