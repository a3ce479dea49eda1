import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPki } from '@memkeep/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memkeep, memkeepProcess, type Outcome } from '../../../test/cli/memkeep.ts'

let folder: string
let dir: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memkeep-certs-'))
  dir = join(folder, 'certs')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** Runs a command on the folder, and sees to it that no key was printed. */
async function certs(step: string, ...args: readonly string[]): Promise<Outcome> {
  const outcome = await memkeep(['certs', step, ...args, ...(step === 'inspect' ? [] : ['--dir', dir])])
  for (const text of [outcome.stdout, outcome.stderr]) expect(text).not.toContain('PRIVATE KEY')
  return outcome
}
const json = async (step: string, ...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> =>
  JSON.parse((await certs(step, ...args, '--json')).stdout) as Readonly<Record<string, unknown>>
const path = (name: string): string => join(dir, name)
const read = (name: string): string => readFileSync(path(name), 'utf8')
const modeOf = (name: string): number => statSync(join(folder, name)).mode & 0o777
const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', args, { cwd: dir, encoding: 'utf8', stdio: 'pipe' })
/** The pin by OpenSSL's own means. */
function pinOf(name: string): string {
  const key = openssl('x509', '-in', name, '-noout', '-pubkey')
  const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'DER'], { input: key })
  return `sha256/${execFileSync('openssl', ['dgst', '-sha256', '-binary'], { input: der }).toString('base64')}`
}

describe('ca, server and client', () => {
  it('write what OpenSSL takes under its strict rules, keys for their owner alone', async () => {
    expect((await certs('ca')).code).toBe(0)
    expect((await certs('server', 'cache.example', '127.0.0.1')).code).toBe(0)
    expect((await certs('client', 'shop')).code).toBe(0)
    expect(modeOf('certs')).toBe(0o700)
    for (const name of ['ca', 'server', 'shop']) {
      expect(modeOf(`certs/${name}.key`)).toBe(0o600)
      expect(modeOf(`certs/${name}.pem`) & 0o022).toBe(0)
    }
    for (const [purpose, name] of [
      ['sslserver', 'server.pem'],
      ['sslclient', 'shop.pem'],
    ] as const) {
      expect(openssl('verify', '-x509_strict', '-purpose', purpose, '-CAfile', 'ca.pem', name)).toBe(
        `${name}: OK\n`,
      )
    }
  })

  it('say loudly, and on standard error, what they are for', async () => {
    for (const args of [['ca'], ['server', 'localhost'], ['client'], ['renew']] as const) {
      const [step, ...more] = args
      const { stdout, stderr } = await certs(step, ...more)
      expect(stderr).toContain('! For development and small private fleets')
      expect(stdout).not.toContain('small private fleets')
    }
    expect(await json('renew')).toMatchObject({ notice: expect.stringContaining('development') as string })
  })

  it('tell machines the files, the pin, and how memcached and Memkeep take them', async () => {
    await certs('ca', '--name', 'Caches', '--days', '365')
    const server = await json('server', 'cache.example', '--name', 'cache1', '--days', '30')
    expect(server).toMatchObject({
      cert: path('cache1.pem'),
      key: path('cache1.key'),
      subject: 'CN=cache.example',
      names: ['DNS:cache.example'],
      pin: pinOf('cache1.pem'),
      memcached: `-Z -o ssl_chain_cert=${path('cache1.pem')},ssl_key=${path('cache1.key')},ssl_ca_cert=${path('ca.pem')},ssl_verify_mode=2,ssl_session_cache`,
      code: `tls({ ca: { file: '${path('ca.pem')}' } })`,
    })
    const days = (Date.parse(String(server['validTo'])) - Date.now()) / 86_400_000
    expect(Math.round(days)).toBe(30)
    expect(await json('client')).toMatchObject({
      code: `tls({ ca: { file: '${path('ca.pem')}' }, cert: { file: '${path('client.pem')}' }, key: { file: '${path('client.key')}' } })`,
    })
    expect(openssl('x509', '-in', 'cache1.pem', '-noout', '-issuer')).toBe('issuer=CN = Caches\n')
  })

  it('overwrite nothing', async () => {
    await certs('ca')
    await certs('server', 'localhost')
    await certs('client')
    const before = readdirSync(dir).map(read)
    for (const args of [['ca'], ['server', 'other'], ['client'], ['client', 'server']] as const) {
      const [step, ...more] = args
      const { code, stdout, stderr } = await certs(step, ...more)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain('is there already, and is never overwritten')
    }
    rmSync(path('client.pem'))
    expect((await certs('client')).code).toBe(2)
    writeFileSync(path('free.pem'), 'somebody else’s')
    expect((await certs('client', 'free')).code).toBe(2)
    expect(readdirSync(dir)).not.toContain('free.key')
    rmSync(path('free.pem'))
    const names = ['ca.key', 'ca.pem', 'client.key', 'server.key', 'server.pem']
    expect(readdirSync(dir).toSorted()).toEqual(names)
    expect(names.map(read).every((text) => before.includes(text))).toBe(true)
  })

  it('let one of several win who make the same at once', async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => memkeepProcess(['certs', 'ca', '--dir', dir])))
    expect(outcomes.map(({ code }) => code).toSorted()).toEqual([0, 2, 2])
    expect(readdirSync(dir).toSorted()).toEqual(['ca.key', 'ca.pem'])
    expect((await certs('client')).code).toBe(0)
  })

  it.each([
    [['server', 'localhost'], 'memkeep certs ca --dir'],
    [['client', '../shop'], 'cannot be the name'],
    [['client', 'ca'], "the authority's name"],
    [['server', 'localhost', '--days', 'ten'], 'whole number of days'],
    [['ca', '--days', '3651'], 'from 1 to 3650'],
    [['ca', '--name', 'a'.repeat(65)], '1 to 64 characters'],
    [['renew', 'server'], 'cannot be read (ENOENT)'],
    [['renew'], 'cannot be read (ENOENT)'],
  ])('refuse %j without writing anything', async ([step = '', ...args], message) => {
    const { code, stdout, stderr } = await certs(step, ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(readdirSync(folder)).toEqual([])
  })

  it('print paths so that shells, JavaScript and memcached read them', async () => {
    dir = join(folder, "o'neil's certs")
    await certs('ca')
    const { memcached } = await json('server', 'localhost')
    const [, , list = ''] = execFileSync('sh', ['-c', `printf '%s\\n' ${String(memcached)}`], {
      encoding: 'utf8',
    }).split('\n')
    expect(list.split(',')[0]).toBe(`ssl_chain_cert=${path('server.pem')}`)
    const { code } = await json('client')
    expect(code).toContain(`ca: { file: ${JSON.stringify(path('ca.pem'))} }`)
    dir = join(folder, 'a,b')
    await certs('ca')
    expect((await certs('server', 'localhost')).stderr).toContain('without one')
  })

  it('refuse hosts and days that are none', async () => {
    await certs('ca')
    for (const [args, message] of [
      [['cache:11211'], 'has a port'],
      [['localhost', '--days', '826'], 'from 1 to 825'],
    ] as const) {
      const { code, stderr } = await certs('server', ...args)
      expect(code).toBe(2)
      expect(stderr).toContain(message)
    }
    expect(readdirSync(dir)).toHaveLength(2)
  })

  it("refuse an authority's key that others can read, and a folder that others can write to", async () => {
    await certs('ca')
    chmodSync(path('ca.key'), 0o644)
    expect((await certs('client')).stderr).toContain('holds a private key, and others than its owner')
    chmodSync(path('ca.key'), 0o600)
    chmodSync(dir, 0o777)
    expect((await certs('client')).stderr).toContain('chmod o-w')
    expect(readdirSync(dir).toSorted()).toEqual(['ca.key', 'ca.pem'])
  })
})

describe('renew', () => {
  beforeEach(async () => {
    await certs('ca')
    await certs('server', 'localhost', '--days', '20')
    await certs('client', '--days', '60')
  })

  it('renews everything but the authority, and keeps keys', async () => {
    const before = ['ca.pem', 'server.key', 'client.key'].map(read)
    const pin = pinOf('server.pem')
    const old = read('server.pem')
    const { code, stdout } = await certs('renew')
    expect(code).toBe(0)
    expect(stdout).toContain(`${path('client.pem')} is good until`)
    expect(stdout).toContain('its key stays')
    expect(['ca.pem', 'server.key', 'client.key'].map(read)).toEqual(before)
    expect(read('server.pem')).not.toBe(old)
    expect(pinOf('server.pem')).toBe(pin)
    expect(openssl('verify', '-x509_strict', '-CAfile', 'ca.pem', 'server.pem', 'client.pem')).toContain(
      'client.pem: OK',
    )
    expect(readdirSync(dir)).toHaveLength(6)
  })

  it('leaves alone what is good for longer, for cron', async () => {
    const old = read('client.pem')
    expect(await json('renew', '--within', '30d')).toMatchObject({
      renewed: [{ name: 'server', keyIs: 'kept' }],
      left: ['client'],
    })
    expect(read('client.pem')).toBe(old)
    const again = await certs('renew', '--within', '30d')
    expect(again.stdout).toBe('left as they are: client, server\n')
    expect(again.stderr).toBe('')
  })

  it('makes a new key when it is asked to, never for the authority', async () => {
    const [key, caKey] = [read('server.key'), read('ca.key')]
    expect((await certs('renew', 'server', '--new-key')).stdout).toContain('its key is new')
    expect(read('server.key')).not.toBe(key)
    expect(modeOf('certs/server.key')).toBe(0o600)
    const { code, stderr } = await certs('renew', 'server', 'ca', '--new-key')
    expect(code).toBe(2)
    expect(stderr).toContain('another authority')
    expect(read('ca.key')).toBe(caKey)
    expect((await certs('inspect', dir)).code).toBe(0)
  })

  it('renews the authority, whose certificates stay good', async () => {
    const old = read('ca.pem')
    expect((await certs('renew', 'ca', '--days', '100')).code).toBe(0)
    expect(read('ca.pem')).not.toBe(old)
    expect(openssl('verify', '-x509_strict', '-CAfile', 'ca.pem', 'server.pem')).toBe('server.pem: OK\n')
  })
})

describe('inspect', () => {
  it('shows everything of a folder, and finds nothing wrong with what was made', async () => {
    await certs('ca', '--name', 'Caches')
    await certs('server', 'cache.example', '::1')
    const { code, stdout, stderr } = await certs('inspect', dir)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`CN=cache.example  ${path('server.pem')}`)
    expect(stdout).toContain('names    DNS:cache.example, IP Address:0:0:0:0:0:0:0:1')
    expect(stdout).toContain('by CN=Caches, which is here')
    expect(stdout).toContain(`pin      ${pinOf('server.pem')}`)
    expect(stdout).toMatch(/ (89|90) days left/)
    const alone = await certs('inspect', path('server.pem'))
    expect(alone.code).toBe(0)
    expect(alone.stdout).toContain('by CN=Caches, which is not here')
  })

  it('tells machines the same', async () => {
    await certs('ca')
    const reports = (await json('inspect', dir)) as unknown as readonly unknown[]
    expect(reports).toEqual([
      expect.objectContaining({
        file: path('ca.pem'),
        for: ['authority'],
        signedBy: 'itself',
        keyType: 'EC prime256v1',
        signature: 'ECDSA with SHA-256',
        hasKey: true,
        pin: pinOf('ca.pem'),
        problems: [],
      }),
    ])
  })

  it('finds what is wrong, and answers with 1', async () => {
    const pki = await createPki()
    const yesterday = new Date(Date.now() - 86_400_000)
    const keep = (name: string, text: string, mode = 0o600): string => {
      const file = join(folder, name)
      writeFileSync(file, text, { mode })
      return file
    }
    const other = await createPki()
    const cases: readonly (readonly [readonly string[], string])[] = [
      [
        [keep('ended.pem', (await pki.issueServer({ notBefore: new Date(0), notAfter: yesterday })).cert)],
        'it ended at',
      ],
      [
        [
          keep(
            'early.pem',
            (await pki.issueClient({ notBefore: new Date('2999-01-01'), notAfter: new Date('2999-02-01') }))
              .cert,
          ),
        ],
        'it is not good before',
      ],
      [[keep('weak.pem', (await pki.issueServer({ keyType: 'RSA-1024' })).cert)], 'RSA of 1024 bits'],
      [[keep('sha1.pem', (await pki.issueServer({ hash: 'SHA-1' })).cert)], 'SHA-1'],
      [[keep('nameless.pem', (await pki.issueServer({ hosts: [] })).cert)], 'names no host'],
      [[keep('pair.pem', pki.server.cert), keep('pair.key', pki.client.key)], 'that of another certificate'],
      [[keep('open.pem', pki.server.cert), keep('open.key', pki.server.key, 0o644)], 'chmod 600'],
      [[keep('both.pem', `${pki.server.cert}${pki.server.key}`, 0o644)], 'chmod 600'],
    ]
    for (const [files, problem] of cases) {
      const { code, stdout } = await certs('inspect', ...files)
      expect({ code, files }).toEqual({ code: 1, files })
      expect(stdout).toContain(problem)
    }
    const strangers = await certs('inspect', keep('leaf.pem', pki.server.cert), keep('ca.pem', other.ca))
    expect(strangers).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('which is not here') as string,
    })
  })

  it('refuses what is no certificate', async () => {
    const file = join(folder, 'x.pem')
    writeFileSync(file, 'hello')
    expect((await certs('inspect', file)).stderr).toContain(`${file}: There is no certificate in it`)
    writeFileSync(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    expect((await certs('inspect', file)).stderr).toContain('Certificate 1 cannot be read')
    expect((await certs('inspect', join(folder, 'none'))).stderr).toContain('ENOENT')
    rmSync(file)
    expect((await certs('inspect', folder)).stderr).toContain('there is no certificate')
  })

  it('lets no certificate write to the terminal but in letters', async () => {
    await certs('ca')
    openssl('req', '-x509', '-key', 'ca.key', '-subj', '/CN=a\u001b[2Jb', '-utf8', '-out', 'evil.pem')
    const { stdout } = await certs('inspect', path('evil.pem'))
    expect(stdout).not.toContain('\u001b')
  })
})
