import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFile, replaceFile } from './write-file.ts'

const KEYS = { code: 'ERR_MEMKEEP_KEYS_UNAVAILABLE', holds: 'keys', secret: true } as const
const CERTIFICATES = { code: 'ERR_MEMKEEP_TLS_MATERIAL', holds: 'certificates', secret: false } as const

let folder: string
let path: string
let umask: number
beforeEach(() => {
  // whatever the umask, a secret is one
  umask = process.umask(0)
  folder = mkdtempSync(join(tmpdir(), 'memkeep-write-'))
  path = join(folder, 'file')
})
afterEach(() => {
  process.umask(umask)
  rmSync(folder, { recursive: true })
})

const modeOf = (file: string): number => statSync(file).mode & 0o777

describe('createFile', () => {
  it('writes secrets for their owner alone, and the rest for everybody to read', async () => {
    await createFile(path, 'keys', KEYS)
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['keys', 0o600])
    await createFile(`${path}.pem`, 'certificate', CERTIFICATES)
    expect(modeOf(`${path}.pem`)).toBe(0o644)
  })

  it('overwrites no file, and follows no link', async () => {
    writeFileSync(path, 'old')
    const target = join(folder, 'target')
    symlinkSync(target, join(folder, 'dangling'))
    for (const name of ['file', 'dangling']) {
      const error: unknown = await createFile(join(folder, name), 'new', KEYS).catch(
        (cause: unknown) => cause,
      )
      expect(error).toMatchObject({
        code: 'ERR_MEMKEEP_KEYS_UNAVAILABLE',
        message: expect.stringContaining('is there already') as string,
      })
    }
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(folder)).not.toContain('target')
  })

  it('says what is wrong with a folder that is not there', async () => {
    await expect(createFile(join(folder, 'none', 'file'), 'x', KEYS)).rejects.toThrow(
      'cannot be written (ENOENT)',
    )
  })
})

describe('replaceFile', () => {
  it('makes a secret private that was not, and leaves other modes', async () => {
    writeFileSync(path, 'old', { mode: 0o666 })
    await replaceFile(path, 'new', KEYS)
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['new', 0o600])
    writeFileSync(`${path}.pem`, 'old', { mode: 0o640 })
    await replaceFile(`${path}.pem`, 'new', CERTIFICATES)
    expect(modeOf(`${path}.pem`)).toBe(0o640)
    expect(readdirSync(folder).toSorted()).toEqual(['file', 'file.pem'])
  })

  it('is never seen half done', async () => {
    const texts = ['a', 'b'].map((letter) => letter.repeat(300_000))
    writeFileSync(path, texts[0] ?? '')
    const writer = { done: false }
    const writing = (async () => {
      for (let count = 0; count < 20; count++) await replaceFile(path, texts[count % 2] ?? '', KEYS)
      writer.done = true
    })()
    const seen = new Set<string>()
    while (!writer.done) seen.add(await readFile(path, 'utf8'))
    await writing
    expect([...seen].every((text) => texts.includes(text))).toBe(true)
  })

  it('writes nothing through a link that somebody laid for the temporary file', async () => {
    const spy = join(folder, 'spy')
    writeFileSync(spy, '', { mode: 0o666 })
    symlinkSync(spy, `${path}.${nextTemporary()}`)
    await expect(replaceFile(path, 'secret', KEYS)).rejects.toThrow('Somebody else made')
    writeFileSync(`${path}.${nextTemporary()}`, '', { mode: 0o666 })
    await expect(replaceFile(path, 'secret', KEYS)).rejects.toThrow('Somebody else made')
    expect(readFileSync(spy, 'utf8')).toBe('')
    // nothing of it stays, and the next attempt works
    expect(readdirSync(folder)).toEqual(['spy'])
    await replaceFile(path, 'secret', KEYS)
    expect(readFileSync(path, 'utf8')).toBe('secret')
  })
})

describe('a folder where everybody may replace files', () => {
  it('is refused, and one with the sticky bit, as /tmp, is not', async () => {
    const shared = join(folder, 'shared')
    mkdirSync(shared)
    const file = join(shared, 'file')
    chmodSync(shared, 0o777)
    await expect(createFile(file, 'x', KEYS)).rejects.toThrow('chmod o-w')
    await expect(replaceFile(file, 'x', KEYS)).rejects.toThrow('chmod o-w')
    expect(readdirSync(shared)).toEqual([])
    chmodSync(shared, 0o1777)
    await createFile(file, 'x', KEYS)
    await replaceFile(file, 'y', KEYS)
    expect(readFileSync(file, 'utf8')).toBe('y')
  })
})

/** What write-file-atomic calls its next temporary file, as somebody on the same machine could find out. */
function nextTemporary(): string {
  const require = createRequire(import.meta.url)
  const module = require.resolve('write-file-atomic')
  const { _getTmpname: nameOf } = require(module) as { readonly _getTmpname: (file: string) => string }
  const of = (invocation: number): string =>
    String(
      createHash('sha1')
        .update(module)
        .update(String(process.pid))
        .update('0')
        .update(String(invocation))
        .digest()
        .readUInt32BE(0),
    )
  const last = nameOf('').slice(1)
  const invocation = Array.from({ length: 1_000 }, (_, index) => index).find((index) => of(index) === last)
  if (invocation === undefined) throw new Error('write-file-atomic names its files otherwise')
  return of(invocation + 1)
}
