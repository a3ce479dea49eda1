import { randomBytes } from 'node:crypto'
import { Keyring } from '@memkeep/encryption'
import { expect, test } from 'vitest'
import type { Sample } from '../data/sample.ts'
import { KEY_SHAPES } from '../data/key-shapes.ts'
import { judgeKeys } from './index.ts'

const keyring = Keyring.generate()

function sampleOf(keyIds: readonly string[]): Sample {
  const shapes = Object.fromEntries(KEY_SHAPES.map((shape) => [shape, 0])) as Sample['shapes']
  const values = keyIds.map((keyId) => ({ kind: 'envelope' as const, keyId }))
  return { command: 'c', names: values.length, shapes, expiring: values.length, values, large: 0 }
}

test('ids that somebody made up, one for each value, do not fill the report', () => {
  const madeUp = Array.from({ length: 100 }, () => randomBytes(4).toString('hex'))
  const { findings = [] } = judgeKeys({ server: 's' }, keyring, sampleOf([keyring.primaryId, ...madeUp]))
  expect(findings.map(({ id }) => id)).toEqual(['unknown-key-ids'])
  expect(findings[0]?.detail).toMatch(/^(?:[\da-f]{8}, ){8}92 more$/)
  expect(findings[0]?.evidence[0]?.received).toBe('100 of 101 (over 99 %)')
})

test('shares that are nearly all or nearly nothing are not rounded to it', () => {
  const most = Array.from({ length: 299 }, () => keyring.primaryId)
  const { findings = [] } = judgeKeys({ server: 's' }, keyring, sampleOf([...most, '00000000']))
  expect(findings[0]?.evidence[0]?.received).toBe('1 of 300 (under 1 %)')
})
