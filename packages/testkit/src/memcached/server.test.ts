import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it, vi } from 'vitest'
import { createPki } from '../pki.ts'
import { partsOf, POSTURES } from '../posture.ts'
import { startMemcached, type MemcachedServer } from './server.ts'

type Way = 'plain' | 'tls' | 'certificate'

/** What a server answers to a request, or how it refuses. */
function ask(server: MemcachedServer, way: Way, request: Buffer | string): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection(server.path === undefined ? server : { path: server.path })
    const certificate = way === 'certificate' ? server.pki.client : {}
    const channel =
      way === 'plain'
        ? socket
        : connectTls({ socket, ca: server.pki.ca, servername: 'localhost', ...certificate })
    const settle = (answer: string): void => {
      channel.destroy()
      resolve(answer)
    }
    channel
      .once('data', (data: Buffer) => {
        settle(data.toString('latin1'))
      })
      .once('error', (error: NodeJS.ErrnoException) => {
        settle(error.code ?? 'error')
      })
      .once('close', () => {
        settle('closed')
      })
    channel.write(request)
  })
}

/** A request of the binary protocol. */
function binary(opcode: number, key = '', value = ''): Buffer {
  const head = Buffer.alloc(24)
  head.writeUInt8(0x80, 0)
  head.writeUInt8(opcode, 1)
  head.writeUInt16BE(key.length, 2)
  head.writeUInt32BE(key.length + value.length, 8)
  return Buffer.concat([head, Buffer.from(key), Buffer.from(value)])
}

const status = (answer: string): number => Buffer.from(answer, 'latin1').readUInt16BE(6)

describe.each(POSTURES)('a server with posture %s', (posture) => {
  const { tls, clientCertificate, auth } = partsOf(posture)
  const way: Way = clientCertificate ? 'certificate' : tls ? 'tls' : 'plain'

  it('lets in and keeps out whom it should', async () => {
    await using server = await startMemcached(posture)
    if (tls) expect(await ask(server, 'plain', 'version\r\n')).toMatch(/^(ECONNRESET|closed)$/)
    if (clientCertificate)
      expect(await ask(server, 'tls', 'version\r\n')).toMatch(/^(ERR_SSL|ECONNRESET|EPIPE|closed)/)
    if (auth === 'none') expect(await ask(server, way, 'version\r\n')).toMatch(/^VERSION /)
    const { username, password } = server.credentials ?? { username: '', password: '' }
    if (auth === 'ascii') {
      const credentials = `${username} ${password}`
      expect(await ask(server, way, 'version\r\n')).toBe('CLIENT_ERROR unauthenticated\r\n')
      expect(await ask(server, way, `set a 0 0 ${String(credentials.length)}\r\n${credentials}\r\n`)).toBe(
        'STORED\r\n',
      )
      expect(await ask(server, way, 'set a 0 0 3\r\na b\r\n')).toBe('CLIENT_ERROR authentication failure\r\n')
    }
    if (auth === 'sasl') {
      expect(status(await ask(server, way, binary(0x0a)))).toBe(0x20)
      expect(await ask(server, way, binary(0x20))).toMatch(/PLAIN$/)
      expect(status(await ask(server, way, binary(0x21, 'PLAIN', `\0${username}\0${password}`)))).toBe(0x00)
      expect(status(await ask(server, way, binary(0x21, 'PLAIN', `\0${username}\0wrong`)))).toBe(0x20)
    }
  })
})

describe('startMemcached', () => {
  it('listens on a Unix socket when asked, and never on one with TLS', async () => {
    await using server = await startMemcached('plain', { unixSocket: true })
    expect(server.address).toBe(server.path)
    expect(await ask(server, 'plain', 'version\r\n')).toMatch(/^VERSION /)
    await expect(startMemcached('tls', { unixSocket: true })).rejects.toThrow(TypeError)
  })

  it.each(['plain', 'tls'] as const)(
    'starts again on the port of one that was killed under its clients (%s)',
    async (posture) => {
      await using first = await startMemcached(posture)
      const way = posture === 'tls' ? 'tls' : 'plain'
      const client = createConnection(first).on('error', () => undefined)
      await once(client, 'connect')
      process.kill(first.pid, 'SIGKILL')
      // not by once(), which a reset would reject
      await new Promise((resolve) => client.resume().once('close', resolve))
      await first.stop()
      await using second = await startMemcached(posture, { port: first.port, pki: first.pki })
      expect(second).toMatchObject({ port: first.port, address: first.address })
      expect(second.pid).not.toBe(first.pid)
      expect(await ask(second, way, 'version\r\n')).toMatch(/^VERSION /)
    },
  )

  it('says that a port is taken, and refuses what is none', async () => {
    await using server = await startMemcached('plain')
    await expect(startMemcached('plain', { port: server.port })).rejects.toThrow(/Address already in use/)
    for (const port of [0, -1, 1.5, 65_536, NaN])
      await expect(startMemcached('plain', { port })).rejects.toThrow(RangeError)
    await expect(startMemcached('plain', { port: server.port, unixSocket: true })).rejects.toThrow(TypeError)
  })

  it.each(['tls', 'mutual-tls', 'tls+ascii-auth'] as const)(
    'gives a running server with %s other certificates',
    async (posture) => {
      await using server = await startMemcached(posture)
      const shown = (): Promise<string> =>
        new Promise((resolve, reject) => {
          const socket = connectTls({ ...server, ca: server.pki.ca, ...server.pki.client })
          socket
            .once('secureConnect', () => {
              resolve(socket.getPeerX509Certificate()?.serialNumber ?? '')
              socket.destroy()
            })
            .once('error', reject)
        })
      const next = await server.pki.issueServer()
      expect(await shown()).toBe(new X509Certificate(server.pki.server.cert).serialNumber)
      await server.replaceCertificates({ certificate: next })
      expect(await shown()).toBe(new X509Certificate(next.cert).serialNumber)
    },
  )

  it('takes the clients of another authority too when it is given one', async () => {
    await using server = await startMemcached('mutual-tls')
    const other = await createPki()
    const theirs = { ...server, pki: { ...server.pki, client: other.client } }
    expect(await ask(theirs, 'certificate', 'version\r\n')).not.toMatch(/^VERSION/)
    await server.replaceCertificates({ ca: other.ca })
    expect(await ask(theirs, 'certificate', 'version\r\n')).toMatch(/^VERSION/)
    expect(await ask(server, 'certificate', 'version\r\n')).toMatch(/^VERSION/)
  })

  it.each(['plain', 'mutual-tls+sasl'] as const)('says that %s cannot be given others', async (posture) => {
    await using server = await startMemcached(posture)
    await expect(server.replaceCertificates({})).rejects.toThrow(TypeError)
  })

  it('says that a server without passwords cannot be given one', async () => {
    await using server = await startMemcached('plain')
    await expect(server.replaceCredentials({ username: 'x', password: 'x' })).rejects.toThrow(TypeError)
  })

  it('makes a password of its own for every server', async () => {
    await using first = await startMemcached('ascii-auth')
    await using second = await startMemcached('ascii-auth')
    expect(first.credentials?.password).not.toBe(second.credentials?.password)
  })

  it.each(['ascii-auth', 'tls+ascii-auth', 'sasl', 'tls+sasl'] as const)(
    'gives a running server with %s another password',
    async (posture) => {
      await using server = await startMemcached(posture)
      const [old, next] = [server.credentials, { username: 'memkeep', password: 'another-one' }]
      const { tls, auth } = partsOf(posture)
      const accepts = async (credentials = next): Promise<boolean> => {
        const value = `${credentials.username} ${credentials.password}`
        return auth === 'ascii'
          ? (await ask(
              server,
              tls ? 'tls' : 'plain',
              `set x 0 0 ${String(value.length)}\r\n${value}\r\n`,
            )) === 'STORED\r\n'
          : status(
              await ask(
                server,
                tls ? 'tls' : 'plain',
                binary(0x21, 'PLAIN', `\0${value.replace(' ', '\0')}`),
              ),
            ) === 0
      }
      expect([await accepts(), await accepts(old)]).toEqual([false, true])
      await server.replaceCredentials(next)
      expect([await accepts(), await accepts(old)]).toEqual([true, false])
    },
  )

  it.each([
    ['a user whose name would end early', { username: 'a:b', password: 'x' }],
    ['a password that would add a second user', { username: 'a', password: 'x\nroot:y' }],
    ['an empty password', { username: 'a', password: '' }],
  ])('refuses %s', async (_what, credentials) => {
    await expect(startMemcached('ascii-auth', { credentials })).rejects.toThrow(TypeError)
  })

  it('refuses a path that a Unix socket cannot have, and leaves no folder', async () => {
    const short = await mkdtemp(join(tmpdir(), 'memkeep-long-'))
    const folder = join(short, 'x'.repeat(100))
    await mkdir(folder)
    vi.stubEnv('TMPDIR', folder)
    try {
      await expect(startMemcached('plain', { unixSocket: true })).rejects.toThrow(
        /choose a shorter path, as by TMPDIR/,
      )
      expect(await readdir(folder)).toEqual([])
    } finally {
      vi.unstubAllEnvs()
      await rm(short, { recursive: true })
    }
  })

  it('says what memcached printed when it does not start', async () => {
    await expect(startMemcached('plain', { args: ['--no-such-option'] })).rejects.toThrow(/no-such-option/)
  })

  it('says what to do when MEMKEEP_MEMCACHED names no program', async () => {
    const before = process.env['MEMKEEP_MEMCACHED']
    process.env['MEMKEEP_MEMCACHED'] = '/nowhere/memcached'
    try {
      await expect(startMemcached('plain')).rejects.toThrow(
        /MEMKEEP_MEMCACHED=\/nowhere\/memcached is no program/,
      )
    } finally {
      if (before === undefined) delete process.env['MEMKEEP_MEMCACHED']
      else process.env['MEMKEEP_MEMCACHED'] = before
    }
  })
})
