import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { importMasterKey } from './master-key.ts'

test('the bytes of a key are wiped once they are imported', () => {
  const bytes = randomBytes(32)
  const copy = Buffer.from(bytes)
  const { key } = importMasterKey(bytes)
  expect(bytes).toEqual(Buffer.alloc(32))
  expect(key.export()).toEqual(copy)
})
