import { describe, expect, it } from 'vitest'
import { LAG, MAX_VERSION_STEP, REPETITIONS, VersionGate } from './version-gate.ts'

const ENORMOUS = 999_999_999_999_999

/** The verdicts on answers that come one after the other, a minute apart. */
function judge(...answers: readonly (readonly [version: number, servers: string])[]): readonly string[] {
  const gate = new VersionGate()
  return answers.map(([version, servers], index) => gate.judge(version, servers, index * 60_000))
}

describe('the versions of a discovery', () => {
  it('may stay or grow by a step', () => {
    expect(judge([5, 'a'], [5, 'a'], [6, 'a'], [6, 'b'], [6 + MAX_VERSION_STEP, 'c'])).toEqual([
      'use',
      'unchanged',
      'unchanged',
      'use',
      'use',
    ])
  })

  it('do not follow one forged answer', () => {
    expect(judge([5, 'a'], [ENORMOUS, 'evil'], [5, 'a'], [6, 'b'])).toEqual([
      'use',
      'unconfirmed',
      'unchanged',
      'use',
    ])
    expect(judge([5, 'a'], [ENORMOUS, 'a'], [6, 'b'])).toEqual(['use', 'unchanged', 'use'])
  })

  it('recover from a first answer that was forged, and from a cluster that was created again', () => {
    const honest = Array.from({ length: REPETITIONS }, () => [7, 'a'] as const)
    const refused = honest.slice(1).map(() => 'unconfirmed')
    expect(judge([ENORMOUS, 'evil'], ...honest, [8, 'b'])).toEqual(['use', ...refused, 'use', 'use'])
  })

  it('are not those of an endpoint that lags behind, unless it stays alone', () => {
    const gate = new VersionGate()
    gate.judge(5, 'a', 0)
    expect(gate.judge(4, 'b', 1)).toBe('unconfirmed')
    for (let at = 2; at < LAG; at += LAG / 100) expect(gate.judge(4, 'b', at)).toBe('unconfirmed')
    expect(gate.judge(4, 'b', LAG + 1)).toBe('use')
    expect(gate.version).toBe(4)
  })

  it('count repetitions only while nothing contradicts them', () => {
    const forged = [ENORMOUS, 'evil'] as const
    for (const other of [[5, 'a'] as const, [6, 'b'] as const, [ENORMOUS, 'other'] as const])
      expect(judge([5, 'a'], forged, forged, other, forged, forged)).not.toContain(['use', 'use'])
    const verdicts = judge([5, 'a'], forged, forged, [5, 'a'], forged, forged)
    expect(verdicts.slice(1)).not.toContain('use')
  })
})
