import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { Secret } from '@memkeep/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Mechanism, ScramName } from './mechanism.ts'
import { ScramKeyCache, type ScramHash } from './scram-keys.ts'
import { scram } from './scram.ts'

const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })
const asText = async (mechanism: Mechanism, challenge: string): Promise<string> =>
  (await mechanism.step(Buffer.from(challenge))).toString()

interface Start {
  readonly name?: ScramName
  readonly username?: string
  readonly password?: string
  readonly nonce?: string
  readonly cache?: ScramKeyCache
}

function start({
  name = 'SCRAM-SHA-256',
  username = 'user',
  password = 'pencil',
  nonce = 'rOprNGfwEbeRWgbNEkqO',
  cache = new ScramKeyCache(),
}: Start = {}): Mechanism {
  return scram(
    { username, password: new Secret(password) },
    { name, nonce, cache, minIterations: 4096, maxIterations: 600_000 },
  )
}

const FIRST = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'
const FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

describe('the example of', () => {
  it('RFC 5802, section 5: SCRAM-SHA-1', async () => {
    const mechanism = start({ name: 'SCRAM-SHA-1', nonce: 'fyko+d2lbbFgONRv9qkxdawL' })
    expect(mechanism.start().toString()).toBe('n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL')
    expect(
      await asText(mechanism, 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096'),
    ).toBe('c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=')
    expect(await asText(mechanism, 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=')).toBe('')
    expect(() => {
      mechanism.finish()
    }).not.toThrow()
  })

  it('RFC 7677, section 3: SCRAM-SHA-256', async () => {
    const mechanism = start()
    expect(mechanism.start().toString()).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
    expect(await asText(mechanism, FIRST)).toBe(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    )
    expect(await asText(mechanism, FINAL)).toBe('')
    expect(() => {
      mechanism.finish()
    }).not.toThrow()
  })
})

/** What a server that knows the password answers, by RFC 5802, section 3, word for word. */
function serverOf(hash: ScramHash, password: string, salt: Buffer, iterations: number) {
  const lengths = { sha1: 20, sha256: 32, sha512: 64 }
  const salted = pbkdf2Sync(password, salt, iterations, lengths[hash], hash)
  const key = (text: string): Buffer => createHmac(hash, salted).update(text).digest()
  return {
    first: (nonce: string) => `r=${nonce},s=${salt.toString('base64')},i=${String(iterations)}`,
    /** Whether the proof is right, and the server's own. */
    final(clientFirst: string, serverFirst: string, clientFinal: string) {
      const [withoutProof = '', proof = ''] = clientFinal.split(',p=')
      const message = `${clientFirst.slice('n,,'.length)},${serverFirst},${withoutProof}`
      const storedKey = createHash(hash).update(key('Client Key')).digest()
      const signature = createHmac(hash, storedKey).update(message).digest()
      const clientKey = Buffer.from(proof, 'base64').map((byte, index) => byte ^ (signature[index] ?? 0))
      const ok = createHash(hash).update(clientKey).digest().equals(storedKey)
      return {
        ok,
        message: `v=${createHmac(hash, key('Server Key')).update(message).digest('base64')}`,
      }
    },
  }
}

describe.each([
  ['SCRAM-SHA-1', 'sha1'],
  ['SCRAM-SHA-256', 'sha256'],
  ['SCRAM-SHA-512', 'sha512'],
] as const)('%s', (name, hash) => {
  it('agrees with a server that follows the RFC, whatever name, password, salt and nonce', async () => {
    const printable = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => /^[\x21-\x7e]+$/.test(text))
    await fc.assert(
      fc.asyncProperty(
        printable,
        printable,
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        printable.filter((text) => !text.includes(',')),
        async (username, password, salt, more) => {
          const mechanism = scram(
            { username, password: new Secret(password) },
            { name, cache: new ScramKeyCache(), minIterations: 1, maxIterations: 10 },
          )
          const clientFirst = mechanism.start().toString()
          const nonce = clientFirst.slice(clientFirst.lastIndexOf(',r=') + 3)
          const server = serverOf(hash, password, Buffer.from(salt), 2)
          const serverFirst = server.first(nonce + more)
          const clientFinal = await asText(mechanism, serverFirst)
          const verdict = server.final(clientFirst, serverFirst, clientFinal)
          expect(verdict.ok).toBe(true)
          expect(await asText(mechanism, verdict.message)).toBe('')
          mechanism.finish()
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('a name and a password', () => {
  it('are escaped (RFC 5802, section 5.1) and prepared (RFC 4013)', () => {
    expect(start({ username: 'a=b,c' }).start().toString()).toBe('n,,n=a=3Db=2Cc,r=rOprNGfwEbeRWgbNEkqO')
    expect(start({ username: 'I\u00adX' }).start().toString()).toContain('n=IX,')
    expect(start({ username: '\u2168' }).start().toString()).toContain('n=IX,')
  })

  it('prepared alike are the same', async () => {
    const proofs = await Promise.all(
      ['IX', 'I\u00adX', '\u2168'].map((password) => asText(start({ password }), FIRST)),
    )
    expect(new Set(proofs).size).toBe(1)
  })

  it('are refused that SCRAM cannot carry', async () => {
    expect(() => start({ username: 'a\u0007' })).toThrow(code('INVALID_CREDENTIALS'))
    expect(() => start({ username: '\u00ad' })).toThrow(code('INVALID_CREDENTIALS'))
    await expect(asText(start({ password: 'x\u0007hunter2' }), FIRST)).rejects.toEqual(
      code('INVALID_CREDENTIALS'),
    )
    await expect(asText(start({ password: 'x\u0007hunter2' }), FIRST)).rejects.not.toThrow(/hunter2/)
  })
})

describe('a server is refused that', () => {
  it.each([
    [
      'repeats our nonce and adds nothing',
      FIRST.replace(/r=[^,]*/, 'r=rOprNGfwEbeRWgbNEkqO'),
      'AUTH_NONCE_MISMATCH',
    ],
    ['sends a nonce that is not ours', FIRST.replace('r=r', 'r=s'), 'AUTH_NONCE_MISMATCH'],
    ['has ours in the middle of its own', FIRST.replace('r=', 'r=x'), 'AUTH_NONCE_MISMATCH'],
    ['asks for 1 iteration', FIRST.replace('i=4096', 'i=1'), 'AUTH_ITERATIONS_TOO_FEW'],
    ['asks for 4,095 iterations', FIRST.replace('i=4096', 'i=4095'), 'AUTH_ITERATIONS_TOO_FEW'],
    ['asks for 2^31 iterations', FIRST.replace('i=4096', 'i=2147483648'), 'AUTH_ITERATIONS_TOO_MANY'],
    ['asks for 600,001 iterations', FIRST.replace('i=4096', 'i=600001'), 'AUTH_ITERATIONS_TOO_MANY'],
    ['demands an extension', `m=ext,${FIRST}`, 'AUTH_EXTENSION_UNSUPPORTED'],
    ['says nothing', '', 'AUTH_MALFORMED_CHALLENGE'],
    ['sends garbage', '220 smtp ready', 'AUTH_MALFORMED_CHALLENGE'],
    ['leaves out the salt', FIRST.replace(/,s=[^,]*/, ''), 'AUTH_MALFORMED_CHALLENGE'],
    ['sends an empty salt', FIRST.replace(/,s=[^,]*/, ',s='), 'AUTH_MALFORMED_CHALLENGE'],
    ['sends a salt that is no base64', FIRST.replace(/,s=[^,]*/, ',s=W22Z*'), 'AUTH_MALFORMED_CHALLENGE'],
    ['writes its iterations in words', FIRST.replace('i=4096', 'i=many'), 'AUTH_MALFORMED_CHALLENGE'],
    ['writes them with a sign', FIRST.replace('i=4096', 'i=-4096'), 'AUTH_MALFORMED_CHALLENGE'],
    ['changes the order', FIRST.split(',').toReversed().join(','), 'AUTH_MALFORMED_CHALLENGE'],
    ['is verbose', `${FIRST},x=${'y'.repeat(5000)}`, 'AUTH_MALFORMED_CHALLENGE'],
  ])('%s', async (_what, challenge, name) => {
    const mechanism = start()
    await expect(
      (async () => {
        await mechanism.step(Buffer.from(challenge))
      })(),
    ).rejects.toEqual(code(name))
    expect(() => {
      mechanism.finish()
    }).toThrow(code('AUTH_SIGNATURE_MISSING'))
  })

  it.each([
    ['signs wrongly', `v=${Buffer.alloc(32).toString('base64')}`, 'AUTH_SIGNATURE_MISMATCH'],
    ['signs in part', FINAL.replace(/v=.{8}/, 'v='), 'AUTH_SIGNATURE_MISMATCH'],
    ['signs nothing', 'v=', 'AUTH_SIGNATURE_MISMATCH'],
    ['does not sign', '', 'AUTH_MALFORMED_CHALLENGE'],
    ['sends its first message again', FIRST, 'AUTH_MALFORMED_CHALLENGE'],
    ['tells an error', 'e=invalid-proof', 'AUTH_REJECTED'],
  ])('%s', async (_what, challenge, name) => {
    const mechanism = start()
    await mechanism.step(Buffer.from(FIRST))
    expect(() => mechanism.step(Buffer.from(challenge))).toThrow(code(name))
    expect(() => {
      mechanism.finish()
    }).toThrow(code('AUTH_SIGNATURE_MISSING'))
  })

  it('asks for more than there is', async () => {
    const mechanism = start()
    await mechanism.step(Buffer.from(FIRST))
    await mechanism.step(Buffer.from(FINAL))
    expect(() => mechanism.step(Buffer.from('more'))).toThrow(code('AUTH_UNEXPECTED_STEP'))
  })

  it('ignores nothing that it must know: extensions that may be ignored are', async () => {
    const mechanism = start()
    await expect(mechanism.step(Buffer.from(`${FIRST},x=ignored`))).resolves.toBeInstanceOf(Buffer)
  })

  it('says whatever it says: a message, or a refusal by code', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `${FIRST}${text}`),
        ),
        async (challenge) => {
          try {
            await start().step(Buffer.from(challenge))
          } catch (error) {
            expect((error as { readonly code?: string }).code).toMatch(/^ERR_MEMKEEP_AUTH_/)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('keys', () => {
  it('are derived once for each salt, iteration count and name, and never found by the password', async () => {
    const cache = new ScramKeyCache()
    const parameters = {
      hash: 'sha256',
      username: 'user',
      salt: Buffer.from('salt'),
      iterations: 4096,
    } as const
    const first = await cache.keys(parameters, 'pencil')
    expect(await cache.keys({ ...parameters, salt: Buffer.from('salt') }, 'pencil')).toBe(first)
    for (const other of [
      { salt: Buffer.from('other') },
      { iterations: 4097 },
      { username: 'else' },
      { hash: 'sha1' },
    ] as const) {
      expect(await cache.keys({ ...parameters, ...other }, 'pencil')).not.toBe(first)
    }
  })

  it('are a bounded number', async () => {
    const cache = new ScramKeyCache()
    const at = (iterations: number) =>
      ({ hash: 'sha1', username: 'user', salt: Buffer.from('s'), iterations }) as const
    const first = await cache.keys(at(1), 'x')
    for (let iterations = 2; iterations < 40; iterations++) await cache.keys(at(iterations), 'x')
    expect(await cache.keys(at(1), 'x')).not.toBe(first)
  })
})
