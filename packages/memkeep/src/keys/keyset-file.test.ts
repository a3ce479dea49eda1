import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { distributeKey, generateKeyset, Keyring, parseKeyset } from '@memkeep/encryption'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memkeepProcess } from '../../test/cli/memkeep.ts'
import { changeKeyset, createKeyset, readKeyset } from './keyset-file.ts'

const never = new AbortController().signal

let folder: string
let path: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'memkeep-keyset-')))
  path = join(folder, 'keys.json')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const change = (file = path): Promise<unknown> => changeKeyset(file, never, (keyset) => distributeKey(keyset))

describe('a keyset in a file', () => {
  it('is for its owner alone, and read as it was written, by services too', async () => {
    const keyset = generateKeyset()
    await createKeyset(path, keyset)
    expect(readKeyset(path)).toEqual(keyset)
    await change()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    using keyring = Keyring.fromFile(path)
    expect(keyring.ids).toHaveLength(2)
    expect(readdirSync(folder)).toEqual(['keys.json'])
  })

  it('is never overwritten by a new one', async () => {
    const keyset = generateKeyset()
    await createKeyset(path, keyset)
    await expect(createKeyset(path, generateKeyset())).rejects.toThrow('is there already')
    expect(readKeyset(path)).toEqual(keyset)
  })

  it('stays as it is when a step is refused', async () => {
    await createKeyset(path, generateKeyset())
    const before = readFileSync(path, 'utf8')
    await expect(
      changeKeyset(path, never, () => {
        throw new RangeError('too early')
      }),
    ).rejects.toThrow('too early')
    expect(readFileSync(path, 'utf8')).toBe(before)
    expect(readdirSync(folder)).toEqual(['keys.json'])
  })

  it('is changed where a link leads, and the link stays', async () => {
    await createKeyset(path, generateKeyset())
    const link = join(folder, 'link')
    symlinkSync('keys.json', link)
    await change(link)
    expect(readKeyset(path).keys).toHaveLength(2)
    expect(realpathSync(link)).toBe(path)
  })

  it.each([0o640, 0o604, 0o620, 0o602])('is refused with mode %o, and not changed', async (mode) => {
    await createKeyset(path, generateKeyset())
    chmodSync(path, mode)
    expect(() => readKeyset(path)).toThrow('chmod 600')
    await expect(change()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_KEYS_UNAVAILABLE' })
    expect(statSync(path).mode & 0o777).toBe(mode)
  })

  it.each(['', 'memkeep-key-v1:x', '{', '[]', '{"keys": []}'])('is not %j', (text) => {
    writeFileSync(path, text, { mode: 0o600 })
    expect(() => readKeyset(path)).toThrow(
      expect.objectContaining({ code: 'ERR_MEMKEEP_INVALID_KEYRING' }) as Error,
    )
    expect(() => readKeyset(path)).toThrow(path)
  })

  it('is not there', async () => {
    symlinkSync('nowhere', join(folder, 'dangling'))
    for (const name of ['none', 'dangling']) {
      await expect(change(join(folder, name))).rejects.toThrow('memkeep keys generate')
    }
  })
})

describe('two people at once', () => {
  it('lose nothing of each other: every key of every process is there', async () => {
    await createKeyset(path, generateKeyset())
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => memkeepProcess(['keys', 'distribute', '--file', path, '--json'])),
    )
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
    const made = outcomes.map(
      ({ stdout }) => (JSON.parse(stdout) as { readonly distributed: string }).distributed,
    )
    const { primary, keys } = readKeyset(path)
    expect(keys.map(({ id }) => id).toSorted()).toEqual([primary, ...made].toSorted())
  })

  it('lose nothing in one process either', async () => {
    await createKeyset(path, generateKeyset())
    await Promise.all(Array.from({ length: 6 }, () => change()))
    expect(readKeyset(path).keys).toHaveLength(7)
  })

  it('do so where nothing locks: the tests above can fail', async () => {
    await createKeyset(path, generateKeyset())
    const before = readFileSync(path, 'utf8')
    for (const keyset of [1, 2].map(() => distributeKey(parseKeyset(before)))) {
      writeFileSync(path, JSON.stringify(keyset))
    }
    expect(readKeyset(path).keys).toHaveLength(2)
  })

  it('do not both make the file', async () => {
    const outcomes = await Promise.all(
      [1, 2, 3].map(() => memkeepProcess(['keys', 'generate', '--file', path, '--json'])),
    )
    const winners = outcomes.filter(({ code }) => code === 0)
    expect(winners).toHaveLength(1)
    expect(JSON.parse(winners[0]?.stdout ?? '')).toMatchObject({ primary: readKeyset(path).primary })
  })
})
