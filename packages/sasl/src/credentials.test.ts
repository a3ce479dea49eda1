import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { Secret } from '@memkeep/core'
import { startMemcached } from '@memkeep/testkit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { opens } from '../test/open.ts'
import { asciiAuth } from './ascii-auth.ts'
import type { AuthOptions } from './auth-options.ts'
import { sasl } from './sasl.ts'

const error = (name: string): Error => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` }) as Error
const invalid = error('INVALID_CREDENTIALS')
const unavailable = error('CREDENTIALS_UNAVAILABLE')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-credentials-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

/** A file that its owner alone may read, unless told. */
async function file(name: string, content: string, mode = 0o600): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}

describe.each([
  ['sasl', sasl],
  ['asciiAuth', asciiAuth],
])('%s', (_, factory) => {
  it('takes a password as text, as a Secret, from the environment, or from a file', async () => {
    vi.stubEnv('MEMKEEP_TEST_PASSWORD', 'from the environment')
    const path = await file('password', 'from a file\n')
    for (const password of [
      'pass word',
      new Secret('pass:word'),
      { env: 'MEMKEEP_TEST_PASSWORD' },
      { file: path },
    ]) {
      factory({ username: 'user', password }).close()
    }
  })

  it.each([
    [{ username: '', password: 'x' }],
    [{ username: 'x', password: '' }],
    [{ username: 'x\0y', password: 'x' }],
    [{ username: 'x', password: 'x\0y' }],
    [{ username: 'x', password: '\ud800' }],
  ])('refuses what cannot be said: %j', (credentials) => {
    expect(() => factory(credentials)).toThrow(invalid)
  })

  it('refuses wrong types, unknown options and contradictions by name', () => {
    const broken = [
      { username: 7, password: 'x' },
      { username: 'x', password: undefined },
      { username: 'x', password: { path: 'x' } },
      { username: 'x', password: { env: '' } },
      { username: 'x', password: 'x', allowInsecureAuth: 'no' },
      { username: 'x', password: 'x', pasword: 'x' },
      { username: 'x', password: 'x', credentials: () => undefined },
      { credentials: 'x' },
    ]
    for (const options of broken) expect(() => factory(options as never)).toThrow(TypeError)
    for (const name of ['credentialsMaxAge', 'credentialsTimeout', 'watchInterval']) {
      expect(() => factory({ username: 'x', password: 'x', [name]: -1 })).toThrow(RangeError)
    }
  })

  it('says which variable or file is missing, and which file is not private', async () => {
    expect(() => factory({ username: 'x', password: { env: 'MEMKEEP_TEST_UNSET' } })).toThrow(unavailable)
    expect(() => factory({ username: 'x', password: { env: 'MEMKEEP_TEST_UNSET' } })).toThrow(
      /MEMKEEP_TEST_UNSET/,
    )
    expect(() => factory({ username: 'x', password: { file: join(folder, 'none') } })).toThrow(/none.*ENOENT/)
    const open = await file('open', 'hunter2', 0o644)
    expect(() => factory({ username: 'x', password: { file: open } })).toThrow(unavailable)
    expect(() => factory({ username: 'x', password: { file: open } })).toThrow(
      /others than its owner can read or change it: chmod 600 it, or set "allowGroup"/,
    )
    factory({ username: { file: open }, password: 'x' }).close()
  })

  it.each([0o640, 0o660, 0o622, 0o604])('refuses a password file of mode %o', async (mode) => {
    const path = await file('password', 'hunter2', mode)
    expect(() => factory({ username: 'x', password: { file: path } })).toThrow(unavailable)
    const withGroup = (): void => {
      factory({ username: 'x', password: { file: path, allowGroup: true } }).close()
    }
    if (mode === 0o640) withGroup()
    else expect(withGroup).toThrow(unavailable)
  })

  it("refuses another user's file, and a pipe, which is not waited for", async () => {
    const path = await file('password', 'hunter2')
    if (process.getuid?.() === 0) await chown(path, 12345, 12345)
    else vi.spyOn(process, 'getuid').mockReturnValue(12345)
    expect(() => factory({ username: 'x', password: { file: path } })).toThrow(/belongs to neither/)
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', ['-m', '600', pipe])
    expect(() => factory({ username: 'x', password: { file: pipe } })).toThrow(/not a regular file/)
    expect(() => factory({ username: { file: pipe }, password: 'x' })).toThrow(/not a regular file/)
  })

  it('refuses options of a file that it does not have', async () => {
    const path = await file('password', 'hunter2')
    for (const more of [{ allowReadable: true }, { allowgroup: true }, { allowGroup: 'yes' }]) {
      expect(() => factory({ username: 'x', password: { file: path, ...more } as never })).toThrow(TypeError)
    }
  })

  it('prints no password, wherever it comes from', async () => {
    const path = await file('password', 'hunter2')
    for (const password of ['hunter2', { file: path }]) {
      using auth = factory({ username: 'user', password })
      const printed = inspect(auth, { showHidden: true, depth: null }) + JSON.stringify(auth)
      expect(printed + JSON.stringify(auth.describe())).not.toContain('hunter2')
    }
  })
})

describe('sasl', () => {
  const credentials = { username: 'x', password: 'x' }

  it.each([
    { mechanisms: [] },
    { mechanisms: 'PLAIN' },
    { mechanisms: ['LOGIN'] },
    { mechanisms: ['EXTERNAL'] },
    { minimumStrength: 'strong' },
  ])('refuses mechanisms that are none: %j', (options) => {
    expect(() => sasl({ ...credentials, ...options } as never)).toThrow(TypeError)
  })

  it.each([
    { minIterations: 0 },
    { maxIterations: 1.5 },
    { maxIterations: 2 ** 31 },
    { minIterations: 5000, maxIterations: 4999 },
  ])('refuses bounds of iterations that are none: %j', (options) => {
    expect(() => sasl({ ...credentials, ...options })).toThrow(RangeError)
  })

  it('refuses a password that SCRAM cannot carry where SCRAM alone may be taken', () => {
    const password = 'bell\u0007'
    expect(() => sasl({ username: 'x', password, mechanisms: ['SCRAM-SHA-256'] })).toThrow(invalid)
    sasl({ username: 'x', password }).close()
  })
})

describe('asciiAuth', () => {
  it.each([
    { username: 'a b', password: 'x' },
    { username: 'a:b', password: 'x' },
    { username: 'a', password: 'x\r\ny' },
    { username: 'a', password: 'x'.repeat(254) },
  ])('refuses what the protocol cannot say: %j', (credentials) => {
    expect(() => asciiAuth(credentials)).toThrow(invalid)
  })
})

describe('a provider of credentials', () => {
  it('is asked when a connection is made, and again when what it gave is old', async () => {
    await using server = await startMemcached('sasl')
    let asked = 0
    const credentials = (): ReturnType<NonNullable<AuthOptions['credentials']>> => {
      asked++
      return Promise.resolve(server.credentials ?? { username: '', password: '' })
    }
    const auth = sasl({ credentials })
    expect(asked).toBe(0)
    await Promise.all([opens(server.address, auth), opens(server.address, auth), opens(server.address, auth)])
    await opens(server.address, auth)
    expect(asked).toBe(1)
    const impatient = sasl({ credentials, credentialsMaxAge: 0 })
    await opens(server.address, impatient)
    await opens(server.address, impatient)
    expect(asked).toBeGreaterThanOrEqual(3)
    expect(impatient.describe().version).toBe(1)
  })

  it.each<[what: string, credentials: () => Promise<unknown>, thrown: Error, message: RegExp]>([
    ['fails', () => Promise.reject(new Error('vault is sealed')), unavailable, /failed: look at the cause/],
    ['never answers', () => new Promise(() => undefined), unavailable, /nothing within 50 ms/],
    ['gives nothing', () => Promise.resolve(undefined), invalid, /must resolve to \{ username, password \}/],
    ['gives a number', () => Promise.resolve({ username: 'x', password: 7 }), invalid, /both text/],
    ['gives an empty password', () => Promise.resolve({ username: 'x', password: '' }), invalid, /is empty/],
  ])('is reported when it %s', async (_what, credentials, thrown, message) => {
    await using server = await startMemcached('sasl')
    const auth = sasl({
      credentials: credentials as NonNullable<AuthOptions['credentials']>,
      credentialsTimeout: 50,
    })
    const attempt = opens(server.address, auth)
    await expect(attempt).rejects.toEqual(thrown)
    await expect(attempt).rejects.toThrow(message)
  })

  it('may fail later: what it gave before is used on, and the failure told', async () => {
    await using server = await startMemcached('sasl')
    let sealed = false
    const auth = sasl({
      credentials: () =>
        sealed
          ? Promise.reject(new Error('vault is sealed'))
          : Promise.resolve(server.credentials ?? { username: '', password: '' }),
      credentialsMaxAge: 0,
    })
    const failures: unknown[] = []
    auth.on('refreshFailed', (failure) => failures.push(failure))
    await opens(server.address, auth)
    sealed = true
    await opens(server.address, auth)
    expect(failures).toContainEqual(unavailable)
  })

  it('is given up with the connection that waits for it', async () => {
    await using server = await startMemcached('sasl')
    const auth = sasl({ credentials: () => new Promise(() => undefined), credentialsTimeout: 500 })
    await expect(opens(server.address, auth, { timeout: 50 })).rejects.toThrow(/waiting for its credentials/)
  })
})
