import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { eventually, replaceFile } from '@memkeep/testkit'
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest'
import { EnvelopeCipher } from '../envelope/cipher.ts'
import { Keyring, masterKeysOf } from './keyring.ts'
import { generateKeyset } from './rotation.ts'

const [one, two] = [Keyring.generate().exportText(), Keyring.generate().exportText()]
const ids = (...texts: readonly string[]): readonly string[] =>
  texts.map((text) => Keyring.fromText(text).primaryId)

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-keys-'))
  path = join(folder, 'keys')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

/** What goes wrong, with its code, and without a key. */
async function faultOf(call: () => unknown): Promise<string> {
  try {
    await call()
  } catch (error) {
    for (const text of [one, two]) expect(inspect(error)).not.toContain(text.slice(15, 30))
    return `${String((error as { code?: string }).code)}: ${(error as Error).message}`
  }
  throw new Error('it was taken')
}

describe('fromFile', () => {
  test('reads text and keysets', async () => {
    await replaceFile(path, `${one}\n${two}\n`)
    using text = Keyring.fromFile(path)
    expect(text.ids).toEqual(ids(one, two))
    const keyset = generateKeyset()
    await replaceFile(path, JSON.stringify(keyset, null, 2))
    using json = Keyring.fromFile(path)
    expect(json.ids).toEqual([keyset.primary])
    expect(json.nameKeyId).toBe(keyset.primary)
  })

  test.each([0o640, 0o604, 0o660, 0o620, 0o602, 0o610, 0o777])('refuses mode %o', async (mode) => {
    await replaceFile(path, one)
    await chmod(path, mode)
    const fault = await faultOf(() => Keyring.fromFile(path))
    expect(fault).toMatch(/^ERR_MEMKEEP_KEYS_UNAVAILABLE: .*chmod 600/)
    if (mode !== 0o640) await faultOf(() => Keyring.fromFile(path, { allowGroup: true }))
    else Keyring.fromFile(path, { allowGroup: true }).close()
  })

  test('refuses what belongs to another user', async () => {
    await replaceFile(path, one)
    // only root can give a file away; for others the next line is the test
    if (process.getuid?.() === 0) await chown(path, 12345, 12345)
    else vi.spyOn(process, 'getuid').mockReturnValue(12345)
    expect(await faultOf(() => Keyring.fromFile(path))).toContain('chown')
  })

  test('refuses what is no file of keys', async () => {
    expect(await faultOf(() => Keyring.fromFile(path))).toContain('ENOENT')
    await mkdir(path)
    expect(await faultOf(() => Keyring.fromFile(path))).toContain('is not a regular file')
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', ['-m', '600', pipe])
    expect(await faultOf(() => Keyring.fromFile(pipe))).toContain('is not a regular file')
    const large = join(folder, 'large')
    await replaceFile(large, ' '.repeat(1024 ** 2 + 1))
    expect(await faultOf(() => Keyring.fromFile(large))).toContain('larger than 1 MiB')
    for (const content of ['', one.slice(0, -1), `{"${one}": 1}`]) {
      await replaceFile(large, content)
      expect(await faultOf(() => Keyring.fromFile(large))).toMatch(
        new RegExp(`^ERR_MEMKEEP_INVALID_KEYRING: ${large}: `),
      )
    }
  })

  test('follows the file, and ciphers follow the keyring', async () => {
    await replaceFile(path, one)
    using keyring = Keyring.fromFile(path, { watchInterval: 10 })
    const reloads: unknown[] = []
    keyring.on('reload', (keys) => reloads.push(keys))
    const cipher = new EnvelopeCipher({ keyring })
    const entry = { key: 'k', value: Buffer.from('v'), flags: 0 }
    const old = cipher.seal(entry)
    await replaceFile(path, `${two} ${one}`)
    await eventually(() => {
      expect(keyring.ids).toEqual(ids(two, one))
    })
    expect(reloads).toEqual([keyring.describe()])
    const fresh = cipher.seal(entry)
    expect(fresh.toString('hex', 5, 9)).toBe(ids(two)[0])
    expect(cipher.open({ ...entry, value: old })).toEqual(entry.value)
    await replaceFile(path, two)
    await eventually(() => {
      expect(keyring.ids).toEqual(ids(two))
    })
    expect(cipher.open({ ...entry, value: fresh })).toEqual(entry.value)
    expect(() => cipher.open({ ...entry, value: old })).toThrow('was sealed with key')
  })

  test('follows a symbolic link that is exchanged, as where secrets are mounted', async () => {
    for (const [name, text] of [
      ['before', one],
      ['after', two],
    ] as const) {
      await mkdir(join(folder, name))
      await writeFile(join(folder, name, 'keys'), text, { mode: 0o600 })
    }
    await symlink('before', join(folder, 'data'))
    using keyring = Keyring.fromFile(join(folder, 'data', 'keys'), { watchInterval: 10 })
    await symlink('after', join(folder, 'data.new'))
    await rename(join(folder, 'data.new'), join(folder, 'data'))
    await eventually(() => {
      expect(keyring.ids).toEqual(ids(two))
    })
  })

  test('keeps its keys, and says so, while the file cannot be used', async () => {
    await replaceFile(path, one)
    using keyring = Keyring.fromFile(path, { watchInterval: 10 })
    const masters = masterKeysOf(keyring)
    const faults: Error[] = []
    keyring.on('reloadFailed', (error) => faults.push(error))
    for (const [index, spoil] of [
      () => replaceFile(path, ''),
      () => replaceFile(path, two, 0o644),
      () => replaceFile(path, two.slice(0, -1)),
      () => rm(path),
    ].entries()) {
      await spoil()
      await eventually(() => {
        expect(faults).toHaveLength(index + 1)
      })
      await expect(keyring.reload()).rejects.toThrow(faults[index]?.message)
      faults.length = index + 1
    }
    expect(masterKeysOf(keyring)).toBe(masters)
    await replaceFile(path, one)
    // the same keys once more are no reload
    expect(await keyring.reload()).toBe(false)
    expect(masterKeysOf(keyring)).toBe(masters)
  })

  test('reads it again on SIGHUP, if asked to, until it is closed', async () => {
    await replaceFile(path, one)
    const keyring = Keyring.fromFile(path, { watchInterval: 0, reloadOnSighup: true })
    await replaceFile(path, two)
    process.kill(process.pid, 'SIGHUP')
    await eventually(() => {
      expect(keyring.ids).toEqual(ids(two))
    })
    const listeners = process.listenerCount('SIGHUP')
    keyring.close()
    expect(process.listenerCount('SIGHUP')).toBe(listeners - 1)
  })

  test('a failure that nobody listens to is a process warning', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
    await replaceFile(path, one)
    using keyring = Keyring.fromFile(path, { watchInterval: 0 })
    await replaceFile(path, '')
    await expect(keyring.reload()).rejects.toMatchObject({ code: 'ERR_MEMKEEP_INVALID_KEYRING' })
    expect(warning).toHaveBeenCalledWith(expect.stringContaining('the old ones stay in use'), {
      code: 'MEMKEEP_KEYS_RELOAD',
    })
  })

  test('wrong options are refused', async () => {
    await replaceFile(path, one)
    for (const wrong of [{ watchInterval: -1 }, { watchInterval: 0.5 }, { interval: 1 }, null]) {
      expect(() => Keyring.fromFile(path, wrong as never)).toThrow(/watchInterval|unknown option|an object/)
    }
    expect(() => Keyring.fromFile('')).toThrow(TypeError)
  })
})

describe('fromProvider', () => {
  test('fetches keys, and again at intervals', async () => {
    let now = one
    using keyring = await Keyring.fromProvider(() => Promise.resolve(now), { refreshInterval: 5 })
    expect(keyring.ids).toEqual(ids(one))
    now = `${two} ${one}`
    await eventually(() => {
      expect(keyring.ids).toEqual(ids(two, one))
    })
  })

  test('takes a keyset, as object or JSON', async () => {
    const keyset = generateKeyset()
    for (const given of [keyset, JSON.stringify(keyset)]) {
      using keyring = await Keyring.fromProvider(() => Promise.resolve(given))
      expect(keyring.nameKeyId).toBe(keyset.primary)
    }
  })

  test('rejects when the first answer fails, is late, or is no keys', async () => {
    const down = new Error('the vault is sealed')
    await expect(Keyring.fromProvider(() => Promise.reject(down))).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_KEYS_UNAVAILABLE',
      cause: down,
    })
    await expect(
      Keyring.fromProvider(() => {
        throw down
      }),
    ).rejects.toMatchObject({ cause: down })
    let aborted = false
    const hanging = ({ signal }: { readonly signal: AbortSignal }): Promise<string> =>
      new Promise(() => {
        signal.addEventListener('abort', () => (aborted = true))
      })
    expect(await faultOf(() => Keyring.fromProvider(hanging, { timeout: 20 }))).toContain('within 20 ms')
    expect(aborted).toBe(true)
    for (const wrong of [one.slice(0, -1), '', {}, undefined]) {
      expect(await faultOf(() => Keyring.fromProvider(() => Promise.resolve(wrong as never)))).toContain(
        'ERR_MEMKEEP_INVALID_KEYRING',
      )
    }
  })

  test('keeps its keys while the provider fails or hangs, and never asks twice at once', async () => {
    let asked = 0
    let answer: () => Promise<string> = () => Promise.resolve(one)
    using keyring = await Keyring.fromProvider(
      () => {
        asked++
        return answer()
      },
      { refreshInterval: 2 },
    )
    const faults: Error[] = []
    keyring.on('reloadFailed', (error) => faults.push(error))
    answer = () => Promise.reject(new Error('down'))
    await eventually(() => {
      expect(faults.length).toBeGreaterThan(2)
    })
    expect(keyring.ids).toEqual(ids(one))
    let release: (keys: string) => void = () => undefined
    answer = () => new Promise((resolve) => (release = resolve))
    const before = asked
    await eventually(() => {
      expect(asked).toBe(before + 1)
    })
    // intervals pass while it hangs
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 3))
    expect(asked).toBe(before + 1)
    release(two)
    await eventually(() => {
      expect(keyring.ids).toEqual(ids(two))
    })
  })

  test('wrong options are refused', async () => {
    const load = (): Promise<string> => Promise.resolve(one)
    await expect(Keyring.fromProvider(one as never)).rejects.toThrow(TypeError)
    await expect(Keyring.fromProvider(load, { timeout: 0 })).rejects.toThrow(RangeError)
    await expect(Keyring.fromProvider(load, { refreshInterval: NaN })).rejects.toThrow(RangeError)
    await expect(Keyring.fromProvider(load, { retries: 1 } as never)).rejects.toThrow(TypeError)
  })
})

describe('fromPassphrase', () => {
  const options = { salt: 'a salt of 16 bytes', N: 2 ** 15, r: 8, p: 1 }
  const warning = (): MockInstance<typeof process.emitWarning> =>
    vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)

  test('makes the same key of the same passphrase and parameters, and warns', async () => {
    const warned = warning()
    const made = await Promise.all(
      [
        ['correct horse', options],
        ['correct horse', { ...options, salt: Buffer.from(options.salt) }],
        ['correct horse!', options],
        ['correct horse', { ...options, N: 2 ** 16 }],
        ['correct horse', { ...options, salt: 'another salt of bytes' }],
      ].map(([passphrase, how]) => Keyring.fromPassphrase(passphrase as string, how as typeof options)),
    )
    const [first, ...others] = made.map(({ primaryId }) => primaryId)
    expect(others.map((id) => id === first)).toEqual([true, false, false, false])
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('passphrase'), { code: 'MEMKEEP_PASSPHRASE' })
  })

  test('is scrypt of RFC 7914', async () => {
    warning()
    const { scryptSync } = await import('node:crypto')
    const key = scryptSync('correct horse', options.salt, 32, { ...options, maxmem: 2 ** 27 })
    const keyring = await Keyring.fromPassphrase('correct horse', options)
    const [text] = keyring.exportText().split(',')
    expect(Buffer.from((text ?? '').slice(15), 'base64url').subarray(0, 32)).toEqual(key)
  })

  test.each([
    ['an empty passphrase', '', options],
    ['no parameters', 'p', {}],
    ['no salt', 'p', { ...options, salt: undefined }],
    ['a short salt', 'p', { ...options, salt: 'short' }],
    ['a low cost', 'p', { ...options, N: 2 ** 14 }],
    ['a cost that is no power of two', 'p', { ...options, N: 2 ** 15 + 1 }],
    ['a small block', 'p', { ...options, r: 1 }],
    ['no parallelization', 'p', { ...options, p: 0 }],
    ['more memory than there should be', 'p', { ...options, N: 2 ** 24 }],
  ])('%s is refused', async (_, passphrase, wrong) => {
    const warned = warning()
    await expect(Keyring.fromPassphrase(passphrase, wrong as never)).rejects.toThrow(/TypeError|must|take/)
    expect(warned).not.toHaveBeenCalled()
  })
})

test('a keyring that was read from nowhere has nothing to read again', async () => {
  const keyring = Keyring.generate()
  expect(await keyring.reload()).toBe(false)
  keyring.close()
})
