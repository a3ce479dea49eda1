import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { describeInput, fileErrorCause, quoteName, quotePath, quoteVariable } from './quote-input.ts'

const folder = mkdtempSync(join(tmpdir(), 'memkeep-quote-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('describeInput', () => {
  it.each<[unknown, string]>([
    [5, '5'],
    [NaN, 'NaN'],
    [5n, '5n'],
    [true, 'true'],
    [undefined, 'undefined'],
    [null, 'null'],
    ['hunter2', 'a string'],
    ['', 'an empty string'],
    [['hunter2'], 'an array'],
    [{ toString: () => 'hunter2' }, 'an object'],
    [() => 'hunter2', 'a function'],
  ])('describes what is shown as $1', (value, described) => {
    expect(describeInput(value)).toBe(described)
  })
})

describe('quotePath', () => {
  it('shows what exists, and what is written as a path', () => {
    const file = join(folder, 'hunter2')
    writeFileSync(file, '')
    for (const path of [
      file,
      join(folder, 'missing'),
      'keys.json',
      './certs/ca.pem',
      '/nowhere/ca.pem',
      '/nowhere/keys',
      '/nowhere.pem',
    ]) {
      expect(quotePath(path)).toBe(path)
    }
  })

  it.each([
    'hunter2',
    '/hunter2',
    'hunter2/hunter2+x=',
    'memkeep-key-v1:hunter2',
    './memkeep-key-v1:hunter2/keys.json',
    'memcached://u:hunter2@cache1/keys.json',
    '-----BEGIN PRIVATE KEY-----\nhunter2',
    'a hunter2 b/keys.json',
    'hunter2'.repeat(1_000),
    'hunter2\0',
  ])('hides %j, in the cause too', (path) => {
    expect(quotePath(path)).not.toContain('hunter2')
    const cause = Object.assign(new Error(`ENOENT: open '${path}'`), { code: 'ENOENT', path })
    const shown = fileErrorCause(path, cause)
    expect(inspect(shown, { showHidden: true })).not.toContain('hunter2')
    expect(shown).toMatchObject({ code: 'ENOENT' })
  })
})

describe('quoteName and quoteVariable', () => {
  it('show names, and nothing that may be a secret', () => {
    expect(quoteName('rejectUnauthorized')).toBe('"rejectUnauthorized"')
    expect(quoteVariable('CACHE_PASSWORD')).toBe('CACHE_PASSWORD')
    for (const secret of ['hunter2', 'memkeep-key-v1:aaaa', 'p@ss', 'a'.repeat(41)]) {
      expect(quoteName(secret)).not.toContain(secret)
      expect(quoteVariable(secret)).not.toContain(secret)
    }
    expect(quoteVariable('JBSWY3DPEHPK3PXP')).not.toContain('JBSWY')
  })
})
