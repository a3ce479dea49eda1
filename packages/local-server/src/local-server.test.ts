import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findMemcached } from './binary.ts'
import { startLocalServer, type LocalServerOptions } from './local-server.ts'
import { setUpAsciiAuth, setUpSasl, setUpTls } from './set-up.ts'

const HOST = '127.0.0.1'
const CREDENTIALS = { username: 'app', password: 'secret' }

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-local-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function optionsFor(more: Partial<LocalServerOptions> = {}): Promise<LocalServerOptions> {
  const { path: program } = await findMemcached()
  return { program, folder, listen: { host: HOST }, setUps: [], protocol: 'text', ...more }
}

async function ask(at: { host: string; port: number } | { path: string }, request: string): Promise<string> {
  const socket = connect(at)
  socket.write(request)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return answer.toString()
}

describe('startLocalServer', () => {
  it('runs what was set up, until it is stopped', async () => {
    const setUps = [await setUpAsciiAuth(folder, CREDENTIALS)]
    const server = await startLocalServer(await optionsFor({ setUps }))
    const at = { host: HOST, port: server.port }
    expect(await ask(at, 'version\r\n')).toBe('CLIENT_ERROR unauthenticated\r\n')
    expect(await ask(at, 'set x 0 0 10\r\napp secret\r\n')).toBe('STORED\r\n')
    expect(server.ended.aborted).toBe(false)
    await server.stop()
    expect(server.ended.aborted).toBe(true)
    expect(existsSync(folder)).toBe(false)
  })

  it('hands memcached no key and no password of the environment', async () => {
    const secrets = {
      MEMKEEP_KEYS: 'memkeep-key-v1:secret',
      MEMKEEP_PASSWORD: 'secret',
      AWS_SECRET_KEY: 'secret',
    }
    Object.assign(process.env, secrets)
    try {
      const options = await optionsFor({
        setUps: [await setUpSasl(folder, CREDENTIALS, ['plain'])],
        protocol: 'binary',
      })
      const program = join(folder, 'memcached')
      const written = join(folder, 'environment')
      await writeFile(program, `#!/bin/sh\nenv > '${written}'\nexec '${options.program}' "$@"\n`, {
        mode: 0o700,
      })
      const server = await startLocalServer({ ...options, program })
      const environment = await readFile(written, 'utf8')
      expect(environment).toContain('SASL_CONF_PATH=')
      expect(environment).not.toContain('secret')
      await server.stop()
    } finally {
      for (const name of Object.keys(secrets)) Reflect.deleteProperty(process.env, name)
    }
  })

  it('speaks binary with SASL, and listens on a Unix socket', async () => {
    const setUps = [await setUpSasl(folder, CREDENTIALS, ['plain'])]
    const path = join(folder, 'socket')
    const server = await startLocalServer(await optionsFor({ setUps, protocol: 'binary', listen: { path } }))
    expect(server.port).toBe(0)
    await server.stop()
  })

  it.each([
    ['an option that memcached does not know', { args: ['--no-such-option'] }, /no-such-option/],
    [
      'a path that no socket can have',
      { listen: { path: `/tmp/${'x'.repeat(100)}` } },
      /too long for a Unix socket/,
    ],
  ])('leaves no folder when it was given %s', async (_what, more, message) => {
    await expect(startLocalServer(await optionsFor(more))).rejects.toThrow(message)
    expect(existsSync(folder)).toBe(false)
  })

  it('refuses a folder that memcached could not be told', async () => {
    const other = join(folder, 'a,b')
    await mkdir(other)
    const material = { certificate: { cert: '', key: '' }, ca: '' }
    await expect(setUpTls(other, { clientCertificate: false }, material)).rejects.toThrow(/holds a comma/)
  })
})
