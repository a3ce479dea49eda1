import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keyring } from '@memkeep/encryption'
import {
  POSTURES,
  startFaultServer,
  startMemcached,
  type FaultServer,
  type MemcachedServer,
  type Posture,
} from '@memkeep/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testContext, type TestContextOptions } from '../../test/cli/context.ts'
import { drip, onData } from '../../test/doctor/hostile.ts'
import { EXIT, type ExitCode } from '../cli/exit-code.ts'
import { run } from '../cli/main.ts'
import type { BaselineEntry } from '../doctor/baseline-file.ts'
import type { AuditReport } from '../doctor/report.ts'

let folder: string
let servers: Readonly<Record<Posture, MemcachedServer>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-doctor-'))
  const started = await Promise.all(
    POSTURES.map(async (posture) => [posture, await startMemcached(posture)] as const),
  )
  servers = Object.fromEntries(started) as unknown as Record<Posture, MemcachedServer>
})

afterAll(async () => {
  await Promise.all(Object.values(servers).map((server) => server.stop()))
  await rm(folder, { recursive: true })
})

interface Ran {
  readonly code: ExitCode
  readonly stdout: string
  readonly stderr: string
}

async function doctor(args: readonly string[], options: TestContextOptions = {}): Promise<Ran> {
  const context = testContext(options)
  const code = await run(['doctor', ...args], context)
  return { code, ...context.written }
}

async function audited(...args: string[]): Promise<AuditReport & { readonly code: ExitCode }> {
  const { code, stdout } = await doctor([...args, '--json'])
  return { code, ...(JSON.parse(stdout) as AuditReport) }
}

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content, { mode: 0o600 })
  await chmod(path, 0o600)
  return path
}

/** The options that a friend of a server gives. */
async function asFriend({ posture, clientTls, credentials }: MemcachedServer): Promise<readonly string[]> {
  const args: string[] = []
  for (const name of ['ca', 'cert', 'key'] as const) {
    const pem = clientTls[name]
    if (pem !== undefined) args.push(`--${name}`, await file(`${posture}.${name}`, pem))
  }
  if (credentials === undefined) return args
  const { username, password } = credentials
  const passwordFile = await file(`${posture}.password`, password)
  const auth = posture.includes('ascii') ? 'ascii' : 'sasl'
  return [...args, '--username', username, '--password-file', passwordFile, '--auth', auth]
}

describe('memkeep doctor', () => {
  it('audits many servers at once, as a stranger', async () => {
    const {
      code,
      servers: reports,
      ...rest
    } = await audited(...POSTURES.map((posture) => servers[posture].address))
    expect(reports.map(({ server, reached }) => [server, reached])).toEqual(
      POSTURES.map((posture) => [servers[posture].address, true]),
    )
    expect(rest).toMatchObject({ format: 1, notes: [] })
    // on loopback nothing that strangers may do is high
    expect(code).toBe(EXIT.OK)
    const found = (posture: Posture): readonly string[] =>
      reports[POSTURES.indexOf(posture)]?.findings.map(({ id }) => id) ?? []
    expect(found('plain')).toContain('anonymous-commands')
    expect(found('tls')).toContain('anonymous-commands')
    for (const posture of ['mutual-tls', 'tls+ascii-auth', 'tls+sasl', 'mutual-tls+sasl'] as const) {
      expect(found(posture)).not.toContain('anonymous-commands')
      expect(found(posture)).not.toContain('no-tls')
    }
    expect(rest.grade).toBe('C')
    // nobody who looks from outside knows what is wrong with the version of a server that keeps it to itself
    expect(reports[POSTURES.indexOf('mutual-tls')]).toMatchObject({ grade: 'B' })
  })

  it.each(['mutual-tls', 'tls+ascii-auth', 'tls+sasl'] as const)(
    'sees more of %s as a friend',
    async (posture) => {
      const server = servers[posture]
      const report = await audited(server.address, ...(await asFriend(server)))
      expect(report.servers[0]?.version).toMatch(/^1\.\d+\.\d+/)
      expect(report.servers[0]?.unknowns.join(' ')).not.toContain('What a friend is let do is not known')
    },
  )

  it('looks at stored values where no credentials are asked for, when it is told that it may', async () => {
    const { address } = servers.plain
    const looked = ({ servers: [server] }: AuditReport): boolean =>
      server?.unknowns.some((unknown) => unknown.includes('only a friend may look')) === false
    expect(looked(await audited(address))).toBe(false)
    expect(looked(await audited(address, '--friend'))).toBe(true)
    expect(
      looked(await audited(address, '--keys', await file('own.keys', Keyring.generate().exportText()))),
    ).toBe(true)
  })

  it('prints no secret, whatever it prints', async () => {
    const server = servers['tls+sasl']
    const keyring = Keyring.generate()
    const keys = await file('secret.keys', keyring.exportText())
    const html = join(folder, 'secret.html')
    const sarif = join(folder, 'secret.sarif')
    const args = [
      server.address,
      ...(await asFriend(server)),
      '--keys',
      keys,
      '--html',
      html,
      '--sarif',
      sarif,
    ]
    const text = await doctor(args)
    const json = await doctor([...args, '--json'])
    const all = [
      text.stdout,
      text.stderr,
      json.stdout,
      json.stderr,
      await readFile(html, 'utf8'),
      await readFile(sarif, 'utf8'),
    ].join('\n')
    expect(all).toContain(server.address)
    for (const secret of [
      server.credentials?.password ?? '',
      keyring.exportText(),
      server.clientTls.key ?? '',
    ]) {
      if (secret !== '') expect(all).not.toContain(secret)
    }
  })

  it('is read on a terminal', async () => {
    const { code, stdout, stderr } = await doctor([servers.plain.address], { isTTY: true })
    expect(code).toBe(EXIT.OK)
    expect(stdout).toContain('\u001b[')
    expect(stdout).toContain('Strangers may run commands')
    expect(stderr).toContain('Looking at 1 server')
    const plain = await doctor([servers.plain.address], { isTTY: true, env: { NO_COLOR: '1' } })
    expect(plain.stdout).not.toContain('\u001b[')
  })

  it('takes addresses as people write them', async () => {
    const { host, port } = servers.tls
    const report = await audited(
      `memcacheds://${host}:${String(port)}`,
      `memcached://${servers.plain.address}`,
    )
    expect(report.servers.map(({ server }) => server)).toEqual([servers.tls.address, servers.plain.address])
  })
})

describe('memkeep doctor --fail-on', () => {
  it.each([
    ['critical', EXIT.OK],
    ['high', EXIT.OK],
    ['medium', EXIT.NO],
    ['low', EXIT.NO],
    ['none', EXIT.OK],
  ] as const)('%s makes of a server whose worst finding is medium: %i', async (severity, expected) => {
    const { code, servers: reports } = await audited(servers.plain.address, '--fail-on', severity)
    expect(reports[0]?.findings[0]?.severity).toBe('medium')
    expect(code).toBe(expected)
  })

  it('fails where areas of a server are unknown, says so in the first line, and gives no grade', async () => {
    const dripping = await startFaultServer(
      onData((socket, data) => {
        if (data.toString().startsWith('version')) socket.write('VERSION 1.6.45\r\n')
        else drip(socket, 'STAT a b\r\n')
      }),
    )
    const silent = await startFaultServer(
      onData((socket, data) => {
        if (data.toString().startsWith('version')) socket.write('VERSION 1.6.45\r\n')
        else socket.end('what?\r\n')
      }),
    )
    for (const { address } of [dripping, silent]) {
      const args = [address, '--timeout', '5', '--fail-on', 'none']
      const { code, stdout } = await doctor(args)
      expect(code).toBe(EXIT.FAILED)
      expect(stdout.split('\n')[0]).toContain('incomplete: 1 server not graded')
      expect(stdout).toContain('not graded, since nothing is known of')
      const report = await audited(...args)
      expect([report.grade, report.servers[0]?.grade]).toEqual([undefined, undefined])
      expect(report.servers[0]?.unknownAreas).toContain('disclosure')
    }
    await Promise.all([dripping.close(), silent.close()])
  })

  it('fails otherwise where a server was not reached, and reports what it has', async () => {
    const gone = await startFaultServer(() => undefined)
    const { address } = gone
    await gone.close()
    const report = await audited(servers.plain.address, address, '--fail-on', 'medium')
    expect(report.code).toBe(EXIT.FAILED)
    expect(report.servers.map(({ reached }) => reached)).toEqual([true, false])
    expect(report.servers[1]?.failure).toContain('ECONNREFUSED')
    expect((await audited(address, '--fail-on', 'none')).code).toBe(EXIT.FAILED)
  })
})

describe('memkeep doctor --baseline', () => {
  it('accepts what was written down, and shows it', async () => {
    const baseline = join(folder, 'accepted.json')
    const { address } = servers.plain
    const before = await doctor([address, '--fail-on', 'info', '--write-baseline', baseline])
    expect(before.code).toBe(EXIT.NO)
    expect(before.stderr).toContain(`Written: ${baseline}`)
    const after = await audited(address, '--fail-on', 'info', '--baseline', baseline)
    expect(after).toMatchObject({ code: EXIT.OK, grade: 'A', notes: [] })
    expect(after.servers[0]?.findings).toEqual([])
    expect(after.servers[0]?.accepted.length).toBeGreaterThan(3)
    // it is of that server alone
    const other = await audited(servers.tls.address, '--fail-on', 'info', '--baseline', baseline)
    expect(other.code).toBe(EXIT.NO)
    expect(other.servers[0]?.accepted).toEqual([])
  })

  it('keeps reasons when it is written again', async () => {
    const path = join(folder, 'kept.json')
    const { address } = servers.plain
    // the first time it makes it
    await doctor([address, '--baseline', path, '--write-baseline', path])
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replaceAll(/Accepted on .*? why\./g, 'It is a test.'))
    await doctor([address, '--baseline', path, '--write-baseline', path])
    const { accepted } = JSON.parse(await readFile(path, 'utf8')) as { accepted: readonly BaselineEntry[] }
    expect(new Set(accepted.map(({ reason }) => reason))).toEqual(new Set(['It is a test.']))
  })

  it.each([
    ['nothing', undefined, /cannot be read \(ENOENT\): make one with --write-baseline/],
    ['no JSON', 'accept all', /is not one: it is not JSON\. Correct it\./],
    ['an unknown field', '{"format":1,"accepted":[{"untill":"2027-01-01"}]}', /a field "untill"/],
  ])('says what is wrong with %s, before anything is sent', async (_what, content, message) => {
    let connections = 0
    await using server = await startFaultServer(() => connections++)
    const path = join(folder, 'wrong.json')
    await rm(path, { force: true })
    if (content !== undefined) await writeFile(path, content)
    const { code, stdout, stderr } = await doctor([server.address, '--baseline', path])
    expect({ code, stdout, connections }).toEqual({ code: EXIT.FAILED, stdout: '', connections: 0 })
    expect(stderr).toMatch(message)
  })
})

describe('memkeep doctor --html --sarif', () => {
  it('writes reports, and replaces those that are there', async () => {
    const html = await file('report.html', 'old')
    const sarif = await file('report.sarif', 'old')
    const { code } = await doctor([servers.plain.address, '--html', html, '--sarif', sarif])
    expect(code).toBe(EXIT.OK)
    expect(await readFile(html, 'utf8')).toMatch(/^<!doctype html>.*Strangers may run commands/s)
    expect(JSON.parse(await readFile(sarif, 'utf8'))).toMatchObject({ version: '2.1.0' })
    expect((await stat(html)).mode & 0o777).toBe(0o600)
  })

  it('writes for its owner only, and follows no link', async () => {
    const umask = process.umask(0)
    try {
      for (const option of ['--html', '--sarif', '--write-baseline']) {
        const path = join(folder, `new${option}`)
        expect((await doctor([servers.plain.address, option, path, '--fail-on', 'none'])).code).toBe(EXIT.OK)
        expect((await stat(path)).mode & 0o777).toBe(0o600)
        const target = await file(`target${option}`, 'mine')
        const link = join(folder, `link${option}`)
        await symlink(target, link)
        const { code, stderr } = await doctor([servers.plain.address, option, link])
        expect(code).toBe(EXIT.FAILED)
        expect(stderr).toContain('is a symbolic link, and reports follow none: name the file itself')
        expect(await readFile(target, 'utf8')).toBe('mine')
      }
    } finally {
      process.umask(umask)
    }
  })

  it('prints what it found even where a file cannot be written', async () => {
    const html = join(folder, 'no-such-folder', 'report.html')
    const { code, stdout, stderr } = await doctor([servers.plain.address, '--html', html])
    expect(code).toBe(EXIT.FAILED)
    expect(stdout).toContain('Strangers may run commands')
    expect(stderr).toContain(
      `${html} cannot be written (ENOENT): name a file in a folder that you may write to.`,
    )
  })
})

describe('memkeep doctor and hostile servers', () => {
  const EVIL = 'VERSION \u001b[2J<script>alert(1)</script>\r\n'

  it('survives them all at once, and shows nothing of theirs as it is', async () => {
    const misbehaving: readonly FaultServer[] = await Promise.all([
      startFaultServer((socket) => socket.destroy()),
      startFaultServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      startFaultServer(() => undefined),
      startFaultServer((socket) => socket.on('data', () => socket.write(EVIL))),
      startFaultServer((socket) => {
        const pour = (): void => {
          if (!socket.destroyed) socket.write('STAT x y\r\n'.repeat(10_000), () => setImmediate(pour))
        }
        pour()
      }),
    ])
    const html = join(folder, 'hostile.html')
    try {
      const addresses = misbehaving.map(({ address }) => address)
      const { code, stdout } = await doctor([
        ...addresses,
        '--timeout',
        '10',
        '--html',
        html,
        '--fail-on',
        'none',
      ])
      expect([EXIT.OK, EXIT.FAILED]).toContain(code)
      for (const address of addresses) expect(stdout).toContain(address)
      expect(stdout).not.toContain('\u001b')
      expect(await readFile(html, 'utf8')).not.toContain('<script')
    } finally {
      await Promise.all(misbehaving.map((server) => server.close()))
    }
  })

  it('ends at once when it is interrupted', async () => {
    const ending = new AbortController()
    await using server = await startFaultServer(() => {
      ending.abort(new Error('interrupted'))
    })
    const { code, stdout } = await doctor([server.address], { signal: ending.signal })
    expect({ code, stdout }).toEqual({ code: EXIT.INTERRUPTED, stdout: '' })
  })
})

describe('wrong usage of memkeep doctor', () => {
  it.each([
    [[], /missing required argument 'server'/],
    [['cache1:99999'], /has a port that is not a number from 1 to 65535/],
    [['http://cache1'], /has an unknown scheme/],
    [['cache1', 'cache1:11211'], /is named twice/],
    [['cache1', '--fail-on', 'bad'], /critical, high, medium, low, info, none/],
    [['cache1', '--concurrency', '0'], /whole number from 1 to 256/],
    [['cache1', '--timeout', 'soon'], /whole number from 1 to 3600/],
    [['cache1', '--password-file', 'x'], /need --username/],
    [['cache1', '--keys', '/nonexistent/keys'], /\/nonexistent\/keys/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await doctor(args)
    expect({ code, stdout }).toEqual({ code: EXIT.FAILED, stdout: '' })
    expect(stderr).toMatch(message)
  })
})
