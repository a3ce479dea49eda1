import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { setUpAsciiAuth, setUpSasl, setUpTls } from './set-up.ts'

const CREDENTIALS = { username: 'memkeep', password: 'a pass:word' }

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-set-up-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

const modeOf = async (name: string): Promise<number> => (await stat(join(folder, name))).mode & 0o777

describe('the files of a server', () => {
  it("are its owner's alone where they hold secrets", async () => {
    const material = { certificate: { cert: 'its certificate', key: 'its key' }, ca: 'its authority' }
    await setUpTls(folder, { clientCertificate: true }, material)
    await setUpAsciiAuth(folder, CREDENTIALS)
    await setUpSasl(folder, CREDENTIALS, ['plain'])
    for (const name of ['server.key', 'users', 'sasldb2']) expect(await modeOf(name)).toBe(0o600)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
  })
})
