import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EnvelopeCipher, Keyring } from '@memkeep/encryption'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memkeep, memkeepProcess, type Outcome } from '../../../test/cli/memkeep.ts'

const PLAINTEXT = 'the plaintext'
const keyring = Keyring.generate()
const expiresAt = Date.parse('2099-01-01T00:00:00Z')
const sealed = new EnvelopeCipher({ keyring, bindExpiry: true, pad: [64] }).seal({
  key: 'k',
  value: Buffer.from(PLAINTEXT),
  flags: 0,
  expiresAt,
})

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'memkeep-inspect-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const inspect = (given: string, env = {}): Promise<Outcome> => memkeep(['keys', 'inspect', given], { env })
const fileOf = (name: string, content: string | Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}

describe('inspect', () => {
  it('says what the header says, and nothing of the value', async () => {
    const { code, stdout, stderr } = await inspect(sealed.toString('base64'))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const salt = sealed.toString('hex', 9, 25)
    expect(stdout).toBe(
      [
        'version       1',
        'algorithm     aes-256-gcm',
        `key id        ${keyring.primaryId}`,
        'flags         padded, bound expiry',
        'expires       2099-01-01T00:00:00.000Z',
        `session salt  ${salt}  16 bytes`,
        'counter       0  8 bytes',
        'header        41 bytes',
        'content       64 bytes, sealed',
        '',
        'The header was read, and nothing was verified or opened.',
        '',
      ].join('\n'),
    )
  })

  it('takes it as base64, base64url or hexadecimal, and as a file of any of them or of its bytes', async () => {
    const { stdout } = await inspect(sealed.toString('hex'))
    const texts = (['hex', 'base64', 'base64url'] as const).map((encoding) => sealed.toString(encoding))
    const lines = sealed.toString('base64').replace(/.{40}/g, '$&\n')
    const given = [
      ...texts,
      sealed.toString('hex').toUpperCase(),
      fileOf('bytes', sealed),
      ...[...texts, lines].map((text, index) => fileOf(`text${String(index)}`, `${text}\n`)),
    ]
    for (const one of given) expect(await inspect(one)).toEqual({ code: 0, stdout, stderr: '' })
  })

  it('takes it from standard input', async () => {
    const [bytes, hex] = await Promise.all(
      [sealed, `${sealed.toString('hex')}\n`].map((input) =>
        memkeepProcess(['keys', 'inspect', '-', '--json'], { input }),
      ),
    )
    expect(bytes).toEqual(hex)
    expect(JSON.parse(bytes?.stdout ?? '')).toEqual({
      version: 1,
      algorithm: 'aes-256-gcm',
      keyId: keyring.primaryId,
      compressed: false,
      padded: true,
      salt: sealed.toString('hex', 9, 25),
      headerBytes: 41,
      contentBytes: 64,
      expiresAt: '2099-01-01T00:00:00.000Z',
      counter: '0',
      keyKnown: null,
    })
  })

  it('tells whether a keyset has the key, by its answer too', async () => {
    const envelope = sealed.toString('base64')
    const own = fileOf('own', keyring.exportText())
    const other = { MEMKEEP_KEYS: Keyring.generate().exportText() }
    const known = await memkeep(['keys', 'inspect', envelope, '--file', own])
    expect(known.code).toBe(0)
    expect(known.stdout).toContain('in the keyset')
    const unknown = await inspect(envelope, other)
    expect(unknown.code).toBe(1)
    expect(unknown.stdout).toContain('not in the keyset')
    for (const { stdout } of [known, unknown]) expect(stdout).not.toContain('memkeep-key-v1')
  })

  it.each([
    ['plain', Buffer.from(PLAINTEXT), 'ERR_MEMKEEP_ENVELOPE_FOREIGN'],
    ['cut', sealed.subarray(0, 40), 'ERR_MEMKEEP_ENVELOPE_TRUNCATED'],
    ['newer', Buffer.from(sealed).fill(9, 2, 3), 'ERR_MEMKEEP_ENVELOPE_UNSUPPORTED'],
    ['empty', Buffer.alloc(0), 'ERR_MEMKEEP_ENVELOPE_FOREIGN'],
  ])('refuses a value that is %s, and does not repeat it', async (name, value, errorCode) => {
    const { code, stdout, stderr } = await inspect(fileOf(name, value))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(errorCode)
    expect(stderr).not.toContain(PLAINTEXT)
  })

  it('refuses text that is no envelope, and does not repeat it', async () => {
    const { code, stderr } = await inspect('my secret value!')
    expect(code).toBe(2)
    expect(stderr).toContain('neither base64 nor hexadecimal')
    expect(stderr).not.toContain('secret')
  })
})
