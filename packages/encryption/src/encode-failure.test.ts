import type * as Crypto from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { encryption, Keyring } from './index.ts'

const broken = vi.hoisted(() => ({ call: '' }))

vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof Crypto>()
  const breakable = <Call extends (...parts: never[]) => unknown>(name: string, call: Call): Call =>
    ((...parts: Parameters<Call>) => {
      if (broken.call === name) throw new Error(`${name} does not work`)
      return call(...parts)
    }) as Call
  return {
    ...crypto,
    createCipheriv: breakable('createCipheriv', crypto.createCipheriv),
    hkdfSync: breakable('hkdfSync', crypto.hkdfSync),
    randomBytes: breakable('randomBytes', crypto.randomBytes as (size: number) => Buffer),
  }
})

test.each(['randomBytes', 'hkdfSync', 'createCipheriv'])('nothing is stored when %s fails', (name) => {
  const layer = encryption({ keyring: Keyring.generate() })
  const entry = { key: 'k', value: Buffer.from('private'), flags: 0 }
  broken.call = name
  try {
    expect(() => layer.encode(entry)).toThrow(`${name} does not work`)
  } finally {
    broken.call = ''
  }
  const stored = layer.encode(entry)
  expect(stored.value.includes('private')).toBe(false)
  expect(layer.decode(stored)).toMatchObject(entry)
})
