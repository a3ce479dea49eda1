import { X509Certificate } from 'node:crypto'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFolder, type DevFiles } from './folder.ts'
import { prepareMaterial } from './material.ts'

const DAY = 86_400_000

let folder: string
let files: DevFiles

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-material-'))
  await chmod(folder, 0o755)
  files = await openFolder(folder)
})

afterEach(() => rm(folder, { recursive: true }))

const later = (days: number): Date => new Date(Date.now() + days * DAY)

describe('what dev keeps', () => {
  it('is made once', async () => {
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    const first = await prepareMaterial(files)
    expect(first.made).toHaveLength(5)
    expect(await prepareMaterial(files)).toEqual({ ...first, made: [] })
  })

  it('has certificates for loopback, of one authority', async () => {
    const { authority, server, client } = await prepareMaterial(files)
    const certificate = new X509Certificate(server.cert)
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(certificate.checkHost('localhost')).toBe('localhost')
    for (const { cert } of [server, client]) {
      expect(new X509Certificate(cert).verify(new X509Certificate(authority.cert).publicKey)).toBe(true)
    }
  })

  it('is renewed before certificates end, with the same authority and password', async () => {
    const first = await prepareMaterial(files)
    expect((await prepareMaterial(files, later(59))).made).toEqual([])
    const next = await prepareMaterial(files, later(61))
    expect(next.made).toEqual(["the server's certificate", "the client's certificate"])
    expect(next.authority).toEqual(first.authority)
    expect(next.credentials).toEqual(first.credentials)
    expect(Date.parse(new X509Certificate(next.server.cert).validTo)).toBeGreaterThan(later(140).getTime())
  })

  it('has another authority when that ends, and certificates of it', async () => {
    const first = await prepareMaterial(files)
    const next = await prepareMaterial(files, later(3_640))
    expect(next.made).toHaveLength(3)
    expect(next.authority.cert).not.toBe(first.authority.cert)
    expect(next.credentials).toEqual(first.credentials)
    expect(next.keyId).toBe(first.keyId)
  })

  it('is made anew where it cannot be read or does not belong together', async () => {
    await prepareMaterial(files)
    await writeFile(files.server, 'not a certificate')
    await rm(files.clientKey)
    expect((await prepareMaterial(files)).made).toEqual([
      "the server's certificate",
      "the client's certificate",
    ])
    await rm(files.authorityKey)
    expect((await prepareMaterial(files)).made).toHaveLength(3)
  })

  it('keeps keys that it cannot read, and says so', async () => {
    await prepareMaterial(files)
    await writeFile(files.keys, '{}')
    await expect(prepareMaterial(files)).rejects.toMatchObject({ code: 'ERR_MEMKEEP_INVALID_KEYRING' })
  })
})
