import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readPrivateFile } from './private-file.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memkeep-private-'))
  path = join(folder, 'secret')
  writeFileSync(path, 'secret', { mode: 0o600 })
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

const read = (allowGroup?: boolean, file = path): string =>
  readPrivateFile(file, { code: 'ERR_MEMKEEP_TLS_MATERIAL', holds: 'a private key', allowGroup }).toString()
const refused = (what: string): Error =>
  expect.objectContaining({
    code: 'ERR_MEMKEEP_TLS_MATERIAL',
    message: expect.stringContaining(what) as string,
  }) as Error

describe('readPrivateFile', () => {
  test('reads a file that is private, through a link too', () => {
    expect(read()).toBe('secret')
    const link = join(folder, 'link')
    symlinkSync(path, link)
    expect(read(undefined, link)).toBe('secret')
    chmodSync(path, 0o640)
    expect(() => read(undefined, link)).toThrow(refused('chmod 600'))
    expect(read(true, link)).toBe('secret')
  })

  test.each([0o640, 0o604, 0o660, 0o620, 0o602, 0o610, 0o601])('refuses mode %o', (mode) => {
    chmodSync(path, mode)
    expect(() => read()).toThrow(refused('holds a private key, and others than its owner'))
    expect(() => read(false)).toThrow(refused('allowGroup'))
  })

  test("refuses another user's", () => {
    if (process.getuid?.() === 0) execFileSync('chown', ['12345', path])
    else vi.spyOn(process, 'getuid').mockReturnValue(12345)
    expect(() => read()).toThrow(refused('chown'))
  })

  test('refuses what is no file, is too large, or is not there', () => {
    expect(() => read(undefined, join(folder, 'none'))).toThrow(refused('ENOENT'))
    mkdirSync(join(folder, 'folder'))
    expect(() => read(undefined, join(folder, 'folder'))).toThrow(refused('is not a regular file'))
    execFileSync('mkfifo', ['-m', '600', join(folder, 'pipe')])
    expect(() => read(undefined, join(folder, 'pipe'))).toThrow(refused('is not a regular file'))
    writeFileSync(path, ' '.repeat(1024 ** 2 + 1))
    expect(() => read()).toThrow(refused('not a file of a private key'))
  })
})
