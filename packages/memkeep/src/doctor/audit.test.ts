import { getEventListeners, once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls'
import { asciiAuth } from '@memkeep/sasl'
import {
  eventually,
  createPki,
  occupyConnections,
  POSTURES,
  startFaultProxy,
  startFaultServer,
  startMemcached,
  startRelay,
} from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { describe, expect, test } from 'vitest'
import { drip, onData, pour, startHostileServers } from '../../test/doctor/hostile.ts'
import { audit, type AuditProgress } from './audit.ts'

const pki = await createPki()

/** What of a network is open in this process. */
function openHandles(): readonly string[] {
  return process.getActiveResourcesInfo().filter((each) => /TCP|TLS|UDP|Pipe(?!Wrap)|GetAddrInfo/.test(each))
}

/** Every text in a report, which ends up in terminals and pages. */
function textsOf(report: unknown): readonly string[] {
  const texts: string[] = []
  JSON.stringify(report, (_key, value: unknown) => {
    if (typeof value === 'string') texts.push(value)
    return value
  })
  return texts
}

/** A server of TLS that does something else with its connections than memcached. */
async function startTlsServer(
  options: TlsOptions,
  misbehave: (socket: TLSSocket) => unknown,
  onFailure: (error: NodeJS.ErrnoException) => unknown = () => undefined,
): Promise<AsyncDisposable & { readonly address: string }> {
  const sockets = new Set<Socket>()
  const server = createTlsServer({ ...pki.server, ...options }, (socket) => {
    socket.on('error', () => undefined)
    misbehave(socket)
  })
  server.on('tlsClientError', onFailure).on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('a server that misbehaves', () => {
  test('ends up in its report, and a good one beside it as ever', async () => {
    await using good = await startMemcached('plain')
    const servers = await startHostileServers()
    const before = openHandles().length
    const addresses = servers.map(({ address }) => address)
    const all = [...addresses.slice(0, 5), good.address, ...addresses.slice(5)]
    const reports = await audit(all, { concurrency: 30, deadline: 8_000 })
    expect(reports.map(({ server }) => server)).toEqual(all)
    const [alone] = await audit(good.address)
    expect(reports[5]?.findings.map(({ id }) => id)).toEqual(alone?.findings.map(({ id }) => id))
    expect(reports[5]?.facts).toEqual(alone?.facts)
    for (const report of reports) {
      expect(report.reached === (report.failure === undefined)).toBe(true)
      expect(textsOf(report).filter((text) => /\p{Cc}/u.test(text))).toEqual([])
    }
    await Promise.all(servers.map((server) => server.close()))
    await eventually(() => {
      expect(openHandles().length).toBeLessThanOrEqual(before)
    })
  })

  test('is told to be no memcached, by what it says', async () => {
    const cases = [
      ['HTTP/1.1 400 Bad Request\r\n\r\n', 'HTTP/1.1 400 Bad Request\\r\\n'],
      ['-ERR unknown command\r\n', '-ERR unknown command\\r\\n'],
      ['\x1b[2Jboo\r\n', '\\x1b[2Jboo\\r\\n'],
    ] as const
    for (const [answer, shown] of cases) {
      await using server = await startFaultServer(onData((socket) => socket.end(answer)))
      const [report] = await audit(server.address)
      expect(report).toMatchObject({ reached: false, findings: [], facts: [] })
      expect(report?.failure).toContain(`It does not answer as memcached does, but with "${shown}`)
    }
  })

  test.each(['plain', 'ascii-auth', 'sasl', 'tls', 'mutual-tls', 'tls+sasl'] as const)(
    'and has no connection left is not taken for another service (%s)',
    async (posture) => {
      await using server = await startMemcached(posture, { args: ['-c', '50', '-o', 'maxconns_fast'] })
      const occupied = await occupyConnections(server)
      const [report] = await audit(server.address)
      occupied.release()
      expect(report).toMatchObject({
        reached: false,
        findings: [],
        failure: expect.stringMatching(
          /no connection left \("ERROR Too many open connections"\): raise its limit \(-c\)/,
        ) as string,
      })
    },
  )

  test('that is silent over TLS, or pours, is cut off', async () => {
    await using silent = await startTlsServer({}, () => undefined)
    await using pouring = await startTlsServer({}, (socket) => {
      pour(socket, Buffer.alloc(65_536, 'x'))
    })
    await using http = await startTlsServer({}, (socket) =>
      socket.on('data', () => socket.end('HTTP/1.1 400 Bad\r\n')),
    )
    const reports = await audit([silent.address, pouring.address, http.address], { deadline: 15_000 })
    expect(reports[0]).toMatchObject({ reached: true, version: undefined })
    expect(reports[0]?.unknowns[0]).toMatch(/^Whether it is memcached/)
    expect(reports[1]?.failure).toMatch(/^It does not answer as memcached does, but with "x{60}…"/)
    expect(reports[2]?.failure).toContain('HTTP/1.1 400 Bad')
  })

  test('that takes any client certificate is found out', async () => {
    const options = { requestCert: true, rejectUnauthorized: false }
    await using server = await startTlsServer(options, (socket) => {
      if (Object.keys(socket.getPeerCertificate()).length === 0) socket.destroy()
      else socket.on('data', () => socket.write('VERSION 1.6.18\r\n'))
    })
    const [report] = await audit(server.address, {
      transport: tls({ ca: pki.ca, ...pki.client, watchInterval: 0 }),
    })
    const finding = report?.findings.find(({ id }) => id === 'client-certificate-unchecked')
    expect(finding?.severity).toBe('high')
    expect(finding?.evidence[1]?.received).toBe('answered')
  })

  test('that a failed handshake would end is asked nothing that fails', async () => {
    const failed: string[] = []
    await using server = await startTlsServer(
      {},
      (socket) => socket.on('data', () => socket.write('VERSION 1.6.30\r\n')),
      ({ code = '' }) => failed.push(code),
    )
    const [report] = await audit(server.address, { transport: tls({ ca: pki.ca, watchInterval: 0 }) })
    expect(report?.version).toBe('1.6.30')
    expect(report?.findings.map(({ id }) => id)).toContain('tls-handshake-crash')
    expect(report?.unknowns.join()).toContain('would not survive being asked')
    // one connection is held open, and ended when all is over
    await eventually(() => {
      expect(failed).toEqual(['ECONNRESET'])
    })
  })

  test('costs no more than its deadline, and says what is not known', async () => {
    await using server = await startFaultServer(
      onData((socket, data) => {
        if (data.toString().startsWith('version')) socket.write('VERSION 1.6.18\r\n')
        else drip(socket, 'STAT a b\r\n')
      }),
    )
    const [report] = await audit(server.address, { deadline: 3_000 })
    expect(report?.reached).toBe(true)
    expect(report?.version).toBe('1.6.18')
    expect(report?.unknowns).toContain('Nothing is known of tls: the 3 s for this server were over.')
  })

  test('that does not even show what it is has its deadline as well', async () => {
    await using server = await startFaultServer(() => undefined)
    const [report] = await audit(server.address, { deadline: 1_000 })
    expect(report?.failure).toBe('It did not show what it is before the 1 s for this server were over.')
  })
})

describe.concurrent('a server behind a network that', () => {
  test.each(['freeze', 'blackhole', 'slow', 'chunks', 'refuse'] as const)('does: %s', async (mode) => {
    await using server = await startMemcached('plain')
    await using proxy = await startFaultProxy(server)
    proxy.setMode(mode)
    const [report] = await audit(proxy.address, { deadline: 20_000 })
    expect(report?.reached).toBe(mode === 'slow' || mode === 'chunks')
    if (report?.reached === true) expect(report.findings.map(({ id }) => id)).toContain('anonymous-commands')
  })
})

describe('a server that is not there', () => {
  test.each([
    ['where nothing listens', 'ECONNREFUSED'],
    ['without a socket', 'ENOENT'],
    ['without an address', 'ENOTFOUND'],
  ])('%s', async (_name, code) => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const targets: Readonly<Record<string, string>> = {
      ECONNREFUSED: `127.0.0.1:${String(port)}`,
      ENOENT: '/nonexistent/memcached.sock',
      ENOTFOUND: 'nowhere.invalid',
    }
    const [report] = await audit(targets[code] ?? '')
    expect(report).toMatchObject({ reached: false, findings: [], unknowns: [] })
    // a machine without any DNS says so instead
    expect(report?.failure).toMatch(
      new RegExp(`^It cannot be connected to \\((${code}|EAI_AGAIN)\\): .+\\.$`),
    )
  })
})

describe('many servers', () => {
  test('are looked at so many at a time, and reported in their order', async () => {
    let open = 0
    let most = 0
    const seen: AuditProgress[] = []
    const servers = await Promise.all(
      Array.from({ length: 6 }, () => startFaultServer(onData((socket) => socket.end('-ERR\r\n')))),
    )
    const reports = await audit(
      servers.map(({ address }) => address),
      {
        concurrency: 2,
        onProgress: (progress) => {
          seen.push(progress)
          open += progress.area === 'connection' ? 1 : progress.area === undefined ? -1 : 0
          most = Math.max(most, open)
        },
      },
    )
    expect(reports.map(({ server }) => server)).toEqual(servers.map(({ address }) => address))
    expect(most).toBe(2)
    expect(seen.at(-1)).toMatchObject({ area: undefined, done: 6, total: 6 })
    await Promise.all(servers.map((server) => server.close()))
  })

  test('every posture at once', async () => {
    const servers = await Promise.all(POSTURES.map((posture) => startMemcached(posture, { pki })))
    const steps = new Set<string | undefined>()
    const reports = await audit(
      servers.map(({ address }) => address),
      { onProgress: ({ area }) => steps.add(area) },
    )
    expect(reports.map(({ reached }) => reached)).toEqual(POSTURES.map(() => true))
    expect([...steps]).toEqual(expect.arrayContaining(['connection', 'reachability', 'tls', undefined]))
    await Promise.all(servers.map((server) => server.stop()))
  })

  test.each([
    [{ concurrency: 0 }, /^concurrency must be a whole number of 1 or more, not 0$/],
    [{ deadline: 0.5 }, /^deadline must be/],
  ])('bounds that are none are refused: %o', async (options, message) => {
    await expect(audit('127.0.0.1', options)).rejects.toThrow(message)
  })

  test('the same server twice is refused', async () => {
    await expect(audit(['127.0.0.1:11211', '127.0.0.1'])).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_INVALID_ENDPOINT',
    })
  })
})

describe('an audit that is ended', () => {
  test('ends at once with the reason, and leaves nothing open', async () => {
    await using server = await startFaultServer(() => undefined)
    const ending = new AbortController()
    const before = openHandles().length
    const reason = new Error('enough')
    const ended = audit(server.address, {
      signal: ending.signal,
      onProgress: () => {
        setImmediate(() => {
          ending.abort(reason)
        })
      },
    })
    await expect(ended).rejects.toBe(reason)
    expect(getEventListeners(ending.signal, 'abort')).toEqual([])
    await server.close()
    await eventually(() => {
      expect(openHandles().length).toBeLessThanOrEqual(before)
    })
  })

  test('before it began asks nobody', async () => {
    let asked = 0
    await using server = await startFaultServer(() => asked++)
    const reason = new Error('enough')
    await expect(audit(server.address, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(asked).toBe(0)
  })
})

test('nothing that writes, flushes or ends is sent, nor what a friend alone may say', async () => {
  await using server = await startMemcached('plain')
  await using relay = await startRelay(server)
  await audit(relay.address)
  const sent = relay.sent().toString('latin1')
  expect(sent).toContain('version\r\n')
  expect(sent).not.toMatch(
    /^(set|add|ms|replace|append|prepend|cas|incr|decr|touch|delete|md|flush_all|shutdown|verbosity)\b/m,
  )
})

test('a friend who is refused is an unknown, told once, with no secret in it', async () => {
  await using server = await startMemcached('ascii-auth', { pki })
  const password = 'a-wrong-password'
  const [report] = await audit(server.address, { auth: asciiAuth({ username: 'memkeep', password }) })
  expect(
    report?.unknowns.filter((each) => each.startsWith('What a friend is let do is not known.')),
  ).toHaveLength(1)
  expect(JSON.stringify(report)).not.toContain(password)
})

test('a friend with a password alone is told to say whom to trust, and says it to nobody', async () => {
  await using server = await startMemcached('tls+ascii-auth', { pki })
  await using relay = await startRelay(server)
  const [report] = await audit(relay.address, {
    auth: asciiAuth({ username: 'memkeep', password: 'secret-word' }),
  })
  expect(report?.unknowns.join()).toContain('It speaks TLS alone: say how to trust it, by --ca or --tls.')
  expect(relay.saw('secret-word')).toBe(false)
})
