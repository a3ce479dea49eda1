import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ENVELOPE_ALGORITHMS } from './algorithms.ts'
import { EnvelopeCipher } from './cipher.ts'
import { describeEnvelope } from './describe-envelope.ts'
import { Keyring } from '../keyring/keyring.ts'

const keyring = Keyring.generate()
const expiresAt = Date.now() + 60_000

describe('describeEnvelope', () => {
  test.each(ENVELOPE_ALGORITHMS)('tells what the header of %s says, and counts', (algorithm) => {
    const cipher = new EnvelopeCipher({ keyring, algorithm })
    const [first, second] = [0, 1].map(() =>
      describeEnvelope(cipher.seal({ key: 'k', value: Buffer.from('four'), flags: 0 })),
    )
    expect(first).toEqual({
      version: 1,
      algorithm,
      keyId: keyring.primaryId,
      compressed: false,
      padded: false,
      expiresAt: undefined,
      salt: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      counter: 0n,
      headerBytes: 33,
      contentBytes: 4,
    })
    expect(second).toEqual({ ...first, counter: 1n })
  })

  test('tells flags and the bound expiry', () => {
    const cipher = new EnvelopeCipher({ keyring, compress: true, pad: [256], bindExpiry: true })
    const value = Buffer.from('again and again '.repeat(100))
    expect(describeEnvelope(cipher.seal({ key: 'k', value, flags: 0, expiresAt }))).toMatchObject({
      compressed: true,
      padded: true,
      expiresAt: new Date(expiresAt),
      headerBytes: 41,
      contentBytes: 256,
    })
  })

  test('takes an expiry that no date holds for none', () => {
    const cipher = new EnvelopeCipher({ keyring, bindExpiry: true })
    const sealed = cipher.seal({ key: 'k', value: Buffer.alloc(0), flags: 0, expiresAt })
    expect(describeEnvelope(sealed.fill(0xff, 33, 41)).expiresAt).toBeUndefined()
  })

  test('reads a view into other bytes, and refuses what are no bytes', () => {
    const sealed = new EnvelopeCipher({ keyring }).seal({ key: 'k', value: Buffer.alloc(9), flags: 0 })
    const around = new Uint8Array([1, 2, 3, ...sealed, 4])
    expect(describeEnvelope(around.subarray(3, -1))).toEqual(describeEnvelope(sealed))
    expect(() => describeEnvelope(sealed.toString('base64') as never)).toThrow(TypeError)
  })

  test('describes every envelope of the test vectors', () => {
    const { open } = JSON.parse(
      readFileSync(new URL('../../vectors/envelope-v1.json', import.meta.url), 'utf8'),
    ) as { open: readonly { readonly envelope: string }[] }
    for (const { envelope } of open) {
      expect(describeEnvelope(Buffer.from(envelope, 'hex')).version).toBe(1)
    }
  })

  test('refuses what is no whole envelope, with the code that a reader refuses it with', () => {
    const cipher = new EnvelopeCipher({ keyring })
    const sealed = cipher.seal({ key: 'k', value: Buffer.alloc(4), flags: 0 })
    const codeOf = (read: () => unknown): unknown => {
      try {
        read()
        return undefined
      } catch (error) {
        return (error as { readonly code?: unknown }).code
      }
    }
    const layout = /FOREIGN|UNSUPPORTED|TRUNCATED/
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 80 }),
          fc.nat(sealed.length - 1).map((length) => sealed.subarray(0, length)),
          fc.tuple(fc.nat(4), fc.nat(255)).map(([at, byte]) => Buffer.from(sealed).fill(byte, at, at + 1)),
        ),
        (bytes) => {
          const code = codeOf(() => cipher.open({ key: 'k', value: Buffer.from(bytes), flags: 0 }))
          const expected = typeof code === 'string' && layout.test(code) ? code : undefined
          expect(codeOf(() => describeEnvelope(bytes))).toBe(expected)
        },
      ),
      { numRuns: 1000 },
    )
  })
})
