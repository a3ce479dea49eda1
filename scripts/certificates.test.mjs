import { createHash, X509Certificate } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openChannel, parseEndpoint } from '@memkeep/core'
import { createPki, startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocks as blocksOf, run as runIn } from './page.mjs'

const PAGE = new URL('../docs/certificates.md', import.meta.url)

let folder
let page
/** What the commands printed. */
let printed
/** What `crl.pem` held after the first commands that wrote it, and after the last. */
let lists
/** The real memcached, started as the page starts it. */
let server

/** Runs every command of the page, as someone does who pastes one block after the other. */
beforeAll(async () => {
  page = await readFile(PAGE, 'utf8')
  folder = await mkdtemp(join(tmpdir(), 'memkeep-certificates-'))
  printed = ''
  lists = []
  for (const block of blocks('sh')) {
    const { stdout } = await run(block)
    printed += stdout
    const list = await readFile(join(folder, 'crl.pem'), 'utf8').catch(() => undefined)
    if (list !== undefined) lists.push(list)
  }
  server = await start(folder)
})

afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true })
})

const blocks = (language) => blocksOf(page, language)
const run = (script, cwd = folder) => runIn(script, cwd)

/** A command that the page shows with `$ `, and what it shows as its output. */
function session(program) {
  const text = blocks('console').find((block) => block.startsWith(`$ ${program} `))
  const [command, ...output] = text.slice(2).split('\n')
  return { command, output: output.join('\n') }
}

const read = (name) => readFile(join(folder, name), 'utf8')
const certificate = async (name) => new X509Certificate(await read(name))

/** The options of the page's code, with its files. */
function pageOptions() {
  const [, written] = /tls\((\{.*\})\),$/m.exec(blocks('ts').join())
  const options = [...written.matchAll(/(\w+): \{ file: '([^']+)' \}/g)]
  return Object.fromEntries(options.map(([, name, file]) => [name, { file: join(folder, file) }]))
}

/** The pin that the page's command prints of a certificate. */
async function pinOf(name, from = folder) {
  const command = blocks('sh').find((block) => block.includes('sha256/'))
  const { stdout } = await run(command.replace('server.pem', name), from)
  return stdout.trimEnd()
}

/** Starts memcached with the page's options and the files in a folder. */
async function start(from) {
  const pair = async (name) => ({
    cert: await readFile(join(from, `${name}.pem`), 'utf8'),
    key: await readFile(join(from, `${name}.key`), 'utf8'),
  })
  const pki = {
    ...(await createPki()),
    ca: await read('ca.pem'),
    server: await pair('server'),
    client: await pair('client'),
  }
  const [, ...args] = session('memcached').command.split(' ')
  const withPaths = args.map((arg) => arg.replace(/=(\w+\.\w+)/g, (_, file) => `=${join(from, file)}`))
  // the last of an option's values counts, so that these take the place of testkit's
  return startMemcached('mutual-tls', { pki, args: withPaths })
}

async function connect(options, { address } = server) {
  const transport = tls(options)
  try {
    const signal = AbortSignal.timeout(10_000)
    const channel = await openChannel(parseEndpoint(address), { transport, signal })
    channel.destroy()
  } finally {
    transport.close()
  }
}

describe("the page's commands", () => {
  it('make an authority that may issue, and nothing else', async () => {
    const ca = await certificate('ca.pem')
    const { stdout } = await run('openssl x509 -in ca.pem -noout -text')
    expect(stdout).toMatch(/Key Usage: critical\n *Certificate Sign, CRL Sign\n/)
    expect(ca.ca).toBe(true)
    expect(ca.verify(ca.publicKey)).toBe(true)
    expect(ca.publicKey.asymmetricKeyDetails.namedCurve).toBe('prime256v1')
  })

  it.each([
    ['server', '1.3.6.1.5.5.7.3.1', 'DNS:cache.example, DNS:localhost, IP Address:127.0.0.1'],
    ['client', '1.3.6.1.5.5.7.3.2', undefined],
  ])('make a certificate for a %s', async (name, usage, names) => {
    const [ca, leaf] = [await certificate('ca.pem'), await certificate(`${name}.pem`)]
    expect(leaf.verify(ca.publicKey) && leaf.checkIssued(ca)).toBe(true)
    expect(leaf.ca).toBe(false)
    expect(leaf.keyUsage).toEqual([usage])
    expect(leaf.subjectAltName).toBe(names)
    expect(leaf.publicKey.asymmetricKeyDetails.namedCurve).toBe('prime256v1')
  })

  it('find both certificates in order', () => {
    expect(printed).toContain('server.pem: OK\nclient.pem: OK\n')
  })

  it.each([
    ...['ca.key', 'server.key', 'client.key'],
    ...['certs/ca.key', 'certs/server.key', 'certs/client.key'],
  ])('leave %s to its owner alone', async (name) => {
    const { mode } = await stat(join(folder, name))
    expect(mode & 0o777).toBe(0o600)
  })

  it("print the pin of the server's public key", async () => {
    const { publicKey } = await certificate('server.pem')
    const digest = createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64')
    expect(printed.match(/^sha256\/.*$/gm)).toEqual([`sha256/${digest}`])
  })
})

describe('a memcached that is started as on the page', () => {
  it("takes the client of the page's code", async () => {
    const options = pageOptions()
    expect(Object.keys(options)).toEqual(['ca', 'cert', 'key'])
    await connect(options)
    await connect({ ...options, servername: 'cache.example' })
  })

  it.each(['server.pem', 'ca.pem'])('has the key that is pinned by the pin of %s', async (name) => {
    await connect({ ...pageOptions(), pins: [await pinOf(name)] })
  })

  it('refuses one without a certificate, and one with a certificate of somebody else', async () => {
    const { ca } = pageOptions()
    await expect(connect({ ca })).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REQUIRED',
    })
    const { client } = await createPki()
    await expect(connect({ ca, ...client })).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REJECTED',
    })
  })

  it('is refused under a name, with a pin, or by an authority that is not its own', async () => {
    const options = pageOptions()
    const { ca } = await createPki()
    for (const [other, code] of [
      [{ servername: 'other.example' }, 'ERR_MEMKEEP_TLS_HOSTNAME_MISMATCH'],
      [{ pins: [`sha256/${'A'.repeat(43)}=`] }, 'ERR_MEMKEEP_TLS_PIN_MISMATCH'],
      [{ ca }, 'ERR_MEMKEEP_TLS_UNKNOWN_CA'],
    ]) {
      await expect(connect({ ...options, ...other })).rejects.toMatchObject({ code })
    }
  })

  it('is refused by the revocation list once that names it, and not before', async () => {
    const options = pageOptions()
    const [before, after] = lists
    expect(lists).toHaveLength(2)
    await connect({ ...options, crl: before })
    await expect(connect({ ...options, crl: after })).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_TLS_CERTIFICATE_REVOKED',
    })
  })

  it("takes the client of the page's code with the files of the command", async () => {
    const made = join(folder, 'certs')
    const options = Object.fromEntries(
      Object.entries(pageOptions()).map(([name, { file }]) => [name, { file: file.replace(folder, made) }]),
    )
    const other = await start(made)
    try {
      await connect(options, other)
      await connect({ ...options, servername: 'cache.example' }, other)
      await expect(connect(pageOptions(), other)).rejects.toMatchObject({
        code: 'ERR_MEMKEEP_TLS_UNKNOWN_CA',
      })
    } finally {
      await other.stop()
    }
  })

  it('loads its files again when it is told as on the page', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'memkeep-certificates-'))
    await cp(folder, copy, { recursive: true })
    const other = await start(copy)
    try {
      const [makeServer] = blocks('sh').filter((block) => block.includes('-out server.pem'))
      await run(makeServer, copy)
      const pins = [await pinOf('server.pem', copy)]
      await expect(connect({ ...pageOptions(), pins }, other)).rejects.toMatchObject({
        code: 'ERR_MEMKEEP_TLS_PIN_MISMATCH',
      })
      const { command, output } = session('printf')
      const { stdout } = await run(command.replace('cache.example:11211', other.address), copy)
      expect(stdout.replaceAll('\r', '')).toBe(output)
      await connect({ ...pageOptions(), pins }, other)
    } finally {
      await other.stop()
      await rm(copy, { recursive: true })
    }
  })
})
