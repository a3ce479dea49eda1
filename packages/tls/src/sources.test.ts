import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPki, type Pki } from '@memkeep/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { TlsOptions } from './options.ts'
import { tls } from './tls.ts'

let folder: string
let pki: Pki
const path = (name: string): string => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-sources-'))
  pki = await createPki()
  await writeFile(path('client.pem'), pki.client.cert)
  await writeFile(path('both.pem'), pki.client.cert + pki.client.key)
  execFileSync('openssl', [
    ...['pkcs12', '-export', '-passout', 'pass:secret'],
    ...['-in', path('both.pem'), '-out', path('client.p12')],
  ])
  await writeFile(path('client.key'), pki.client.key)
})
afterEach(() => vi.restoreAllMocks())
afterAll(() => rm(folder, { recursive: true }))

const make = (options: TlsOptions): void => {
  tls({ watchInterval: 0, ...options }).close()
}
const refused = (message: RegExp): Error =>
  expect.objectContaining({
    code: 'ERR_MEMKEEP_TLS_MATERIAL',
    message: expect.stringMatching(message) as string,
  }) as Error

/** How a private key can be named by a file, and which file that is. */
const WAYS: readonly (readonly [
  string,
  string,
  (source: { file: string; allowGroup?: boolean }) => TlsOptions,
])[] = [
  ['key', 'client.key', (key) => ({ cert: { file: path('client.pem') }, key })],
  ['pfx', 'client.p12', (pfx) => ({ pfx, passphrase: 'secret' })],
  ['key, in one file with its certificate', 'both.pem', (key) => ({ cert: { file: path('both.pem') }, key })],
]

describe.each(WAYS)('the file of a private key: %s', (_, name, options) => {
  const given = (allowGroup?: boolean): TlsOptions =>
    options({ file: path(name), ...(allowGroup !== undefined && { allowGroup }) })

  it('is accepted with mode 0600, and with 0640 where its group may read it', async () => {
    await chmod(path(name), 0o600)
    make(given())
    await chmod(path(name), 0o640)
    expect(() => {
      make(given())
    }).toThrow(refused(/chmod 600 it, or set "allowGroup"/))
    make(given(true))
  })

  it.each([0o660, 0o622, 0o604, 0o644, 0o666])('is refused with mode %o', async (mode) => {
    await chmod(path(name), mode)
    for (const allowGroup of [false, true]) {
      expect(() => {
        make(given(allowGroup))
      }).toThrow(refused(/others than its owner can read or change it/))
    }
  })

  it("is refused when it is another user's", async () => {
    await chmod(path(name), 0o600)
    const isRoot = process.getuid?.() === 0
    if (isRoot) await chown(path(name), 12345, 12345)
    else vi.spyOn(process, 'getuid').mockReturnValue(12345)
    expect(() => {
      make(given())
    }).toThrow(refused(/belongs to neither/))
    if (isRoot) await chown(path(name), 0, 0)
  })
})

it('a pipe is refused, and not waited for', () => {
  const pipe = path('pipe')
  execFileSync('mkfifo', ['-m', '600', pipe])
  const source = { file: pipe }
  for (const options of [
    { ca: source },
    { crl: source, ca: pki.ca },
    { pfx: source },
    { cert: source, key: pki.client.key },
    { cert: pki.client.cert, key: source },
  ]) {
    expect(() => {
      make(options)
    }).toThrow(refused(/is not a regular file/))
  }
})

it('refuses what a file source does not have, and "allowGroup" where no secret is', () => {
  const file = path('client.pem')
  for (const options of [
    { ca: { file, allowGroup: true } },
    { cert: pki.client.cert, key: { file, mode: 0o600 } },
    { cert: pki.client.cert, key: { file, allowGroup: 1 } },
  ]) {
    expect(() => {
      make(options as never)
    }).toThrow(TypeError)
  }
})
