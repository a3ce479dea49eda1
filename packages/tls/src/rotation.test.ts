import { X509Certificate } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openChannel, parseEndpoint, type Channel } from '@memkeep/core'
import {
  eventually,
  createPki,
  startMemcached,
  type CertificatePair,
  type MemcachedServer,
} from '@memkeep/testkit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CHANNEL_NAMES, type ReloadMessage } from './channels.ts'
import type { TlsOptions } from './options.ts'
import type { TlsTransport } from './tls-transport.ts'
import { tls } from './tls.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-rotation-'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

const path = (name: string): string => join(folder, name)
const fingerprint = ({ cert }: { readonly cert: string }): string => new X509Certificate(cert).fingerprint256
const shown = (transport: TlsTransport): string | undefined => transport.describe().own?.fingerprint256

/** Files as a service has them, and options that name them; looked at by `reload` alone, unless told. */
async function files(ca: string, client: CertificatePair, more: TlsOptions = {}): Promise<TlsOptions> {
  await writeFile(path('ca.pem'), ca)
  await writeFile(path('client.pem'), client.cert)
  await writeFile(path('client.key'), client.key, { mode: 0o600 })
  return {
    ca: { file: path('ca.pem') },
    cert: { file: path('client.pem') },
    key: { file: path('client.key') },
    watchInterval: 0,
    ...more,
  }
}

function connect(
  transport: TlsTransport,
  { address }: MemcachedServer,
  onRetire?: () => void,
): Promise<Channel> {
  const signal = AbortSignal.timeout(10_000)
  return openChannel(parseEndpoint(address), { transport, signal, onRetire })
}

async function connects(transport: TlsTransport, server: MemcachedServer): Promise<void> {
  const channel = await connect(transport, server)
  channel.destroy()
}

describe('files that change', () => {
  it('are read again by reload, and used for new connections', async () => {
    await using server = await startMemcached('mutual-tls')
    const { pki } = server
    using transport = tls(await files(pki.ca, pki.client))
    await connects(transport, server)
    expect(await transport.reload()).toBe(false)
    const next = await pki.issueClient()
    await files(pki.ca, next)
    expect(shown(transport)).toBe(fingerprint(pki.client))
    expect(await transport.reload()).toBe(true)
    expect(shown(transport)).toBe(fingerprint(next))
    await connects(transport, server)
  })

  it('are noticed when they are written, replaced, or reached through another link', async () => {
    const pki = await createPki()
    const pairs = await Promise.all([1, 2, 3, 4].map(() => pki.issueClient()))
    await mkdir(path('mounted'))
    const mount = async (index: number): Promise<void> => {
      const target = path(`data${String(index)}`)
      await mkdir(target)
      await writeFile(join(target, 'client.pem'), pairs[index]?.cert ?? '')
      await writeFile(join(target, 'client.key'), pairs[index]?.key ?? '', { mode: 0o600 })
      await symlink(target, path('next'))
      await rename(path('next'), path('mounted/data'))
    }
    await mount(0)
    const at = (name: string): { file: string } => ({ file: path(`mounted/data/${name}`) })
    using transport = tls({
      ca: pki.ca,
      cert: at('client.pem'),
      key: at('client.key'),
      watchInterval: 5,
    }).on('reloadFailed', () => undefined)
    const inUse = async (index: number): Promise<void> => {
      await eventually(() => {
        expect(shown(transport)).toBe(fingerprint(pairs[index] ?? { cert: '' }))
      })
    }
    await inUse(0)
    await mount(1)
    await inUse(1)
    await writeFile(at('client.key').file, pairs[2]?.key ?? '')
    await writeFile(at('client.pem').file, pairs[2]?.cert ?? '')
    await inUse(2)
    for (const name of ['client.pem', 'client.key'] as const) {
      await writeFile(path(name), (name === 'client.pem' ? pairs[3]?.cert : pairs[3]?.key) ?? '', {
        mode: 0o600,
      })
      await rename(path(name), at(name).file)
    }
    await inUse(3)
  })

  it('are read once more when they change while they are read', async () => {
    const pki = await createPki()
    using transport = tls(await files(pki.ca, pki.client))
    const [second, third] = [await pki.issueClient(), await pki.issueClient()]
    await files(pki.ca, second)
    const first = transport.reload()
    // before that one is done, and so perhaps after it has read
    writeFileSync(path('client.pem'), third.cert)
    writeFileSync(path('client.key'), third.key)
    await Promise.allSettled([first, transport.reload()])
    expect(shown(transport)).toBe(fingerprint(third))
  })

  it('are looked at no more after close', async () => {
    const pki = await createPki()
    const options = await files(pki.ca, pki.client, { watchInterval: 1 })
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const transport = tls(options)
      expect(vi.getTimerCount()).toBeGreaterThan(0)
      transport.close()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('files that are broken', () => {
  const broken: readonly (readonly [
    what: string,
    breakFiles: (pki: Awaited<ReturnType<typeof createPki>>) => Promise<void>,
    code: string,
  ])[] = [
    [
      'the key is of another certificate',
      async (pki) => writeFile(path('client.key'), pki.server.key),
      'TLS_KEY_MISMATCH',
    ],
    [
      'the new certificate is there, and its key is not yet',
      async (pki) => writeFile(path('client.pem'), (await pki.issueClient()).cert),
      'TLS_KEY_MISMATCH',
    ],
    [
      'the certificate is half written',
      async (pki) => writeFile(path('client.pem'), pki.client.cert.slice(0, 200)),
      'TLS_MATERIAL',
    ],
    ['a file is empty', async () => writeFile(path('client.key'), ''), 'TLS_MATERIAL'],
    ['a file is gone', async () => rm(path('client.pem')), 'TLS_MATERIAL'],
    [
      'the new certificate is expired',
      async (pki) => {
        const day = 86_400_000
        const [notBefore, notAfter] = [new Date(Date.now() - 2 * day), new Date(Date.now() - day)]
        await files(pki.ca, await pki.issueClient({ notBefore, notAfter }))
      },
      'TLS_CLIENT_CERTIFICATE_EXPIRED',
    ],
    [
      'the bundle of authorities is cut off',
      async (pki) => writeFile(path('ca.pem'), pki.ca + pki.ca.slice(0, 300)),
      'TLS_MATERIAL',
    ],
  ]

  it.each(broken)('change nothing, and say why: %s', async (_what, breakFiles, name) => {
    await using server = await startMemcached('mutual-tls')
    const { pki } = server
    const options = await files(pki.ca, pki.client)
    using transport = tls(options)
    const code = `ERR_MEMKEEP_${name}`
    const published: ReloadMessage[] = []
    const note = (message: unknown): void => void published.push(message as ReloadMessage)
    subscribe(CHANNEL_NAMES.reload, note)
    try {
      await breakFiles(pki)
      const failed = once(transport, 'reloadFailed')
      await expect(transport.reload()).rejects.toMatchObject({ code })
      expect(await failed).toMatchObject([{ code }])
      expect(published).toMatchObject([{ error: { code }, certificate: { subject: 'CN=service' } }])
      expect(transport.describe()).toMatchObject({ reloadError: { code } })
      expect(shown(transport)).toBe(fingerprint(pki.client))
      await connects(transport, server)

      const next = await pki.issueClient()
      await files(pki.ca, next)
      expect(await transport.reload()).toBe(true)
      expect(transport.describe().reloadError).toBeUndefined()
      expect(shown(transport)).toBe(fingerprint(next))
    } finally {
      unsubscribe(CHANNEL_NAMES.reload, note)
    }
  })

  it('are a process warning where nobody listens', async () => {
    const pki = await createPki()
    using transport = tls(await files(pki.ca, pki.client))
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
    await writeFile(path('client.key'), pki.server.key)
    await expect(transport.reload()).rejects.toThrow()
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/the old ones stay in use: .* does not belong/), { code: 'MEMKEEP_TLS_RELOAD' }],
    ])
    expect(JSON.stringify(warn.mock.calls)).not.toContain(pki.server.key.split('\n')[1])
  })
})

describe('open connections', () => {
  it('are replaced one by one, the next when the one before is closed', async () => {
    await using server = await startMemcached('mutual-tls')
    const { pki } = server
    using transport = tls(await files(pki.ca, pki.client))
    const asked: number[] = []
    const channels = await Promise.all(
      [0, 1, 2].map((index) => connect(transport, server, () => asked.push(index))),
    )
    const alone = await connect(transport, server)
    await files(pki.ca, await pki.issueClient())
    await transport.reload()
    expect(asked).toHaveLength(1)
    expect(transport.describe().connections.map(({ retiring }) => retiring)).toEqual([
      true,
      true,
      true,
      false,
    ])
    for (let replaced = 1; replaced <= 3; replaced++) {
      const channel = channels[asked.at(-1) ?? 0]
      channel?.destroy()
      if (channel !== undefined) await once(channel, 'close')
      expect(asked).toHaveLength(Math.min(3, replaced + 1))
    }
    expect(new Set(asked).size).toBe(3)
    // whoever cannot replace its channel keeps it
    expect(alone.destroyed).toBe(false)
    alone.destroy()
  })

  it('are replaced in their turn when another cannot be', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      await using server = await startMemcached('mutual-tls')
      const { pki } = server
      using transport = tls(await files(pki.ca, pki.client))
      const asked: number[] = []
      for (const index of [0, 1]) await connect(transport, server, () => asked.push(index))
      await files(pki.ca, await pki.issueClient())
      await transport.reload()
      expect(asked).toEqual([0])
      vi.advanceTimersByTime(10_000)
      expect(asked).toEqual([0, 1])
    } finally {
      vi.useRealTimers()
    }
  })

  it('to a server that is not trusted any more end when that shows', async () => {
    const pki = await createPki()
    await using server = await startMemcached('tls', { pki })
    await using other = await startMemcached('tls', { pki, serverCertificate: await pki.issueServer() })
    await writeFile(path('ca.crl'), await pki.revoke([]))
    using transport = tls({ ca: pki.ca, crl: { file: path('ca.crl') }, watchInterval: 0 })
    const channel = await connect(transport, server)
    const untouched = await connect(transport, other)
    await writeFile(path('ca.crl'), await pki.revoke([pki.server.cert]))
    expect(await transport.reload()).toBe(true)
    expect(channel.destroyed).toBe(false)
    const revoked = expect.objectContaining({ code: 'ERR_MEMKEEP_TLS_CERTIFICATE_REVOKED' }) as Error
    await expect(connect(transport, server)).rejects.toEqual(revoked)
    expect(channel.errored).toEqual(revoked)
    expect(untouched.destroyed).toBe(false)
    untouched.destroy()
  })

  it('stay when the server does not take our new certificate', async () => {
    await using server = await startMemcached('mutual-tls')
    const { pki } = server
    using transport = tls(await files(pki.ca, pki.client))
    const channel = await connect(transport, server)
    await files(pki.ca, (await createPki()).client)
    await transport.reload()
    await expect(connect(transport, server)).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REJECTED',
    })
    expect(channel.destroyed).toBe(false)
    channel.destroy()
  })
})
