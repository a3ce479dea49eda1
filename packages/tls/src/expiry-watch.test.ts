import { X509Certificate } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { openChannel, parseEndpoint } from '@memkeep/core'
import { createPki, startMemcached, type Pki } from '@memkeep/testkit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { describeCertificate, type CertificateDescription } from './certificate.ts'
import { CHANNEL_NAMES, type ExpiryMessage } from './channels.ts'
import { ExpiryWatch } from './expiry-watch.ts'
import { tls } from './tls.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const inDays = (days: number): Date => new Date(Date.now() + days * DAY)

async function certificate(pki: Pki, life: number, left: number): Promise<CertificateDescription> {
  const dates = { notBefore: inDays(left - life), notAfter: inDays(left) }
  return describeCertificate(new X509Certificate((await pki.issueServer(dates)).cert))
}

describe('ExpiryWatch', () => {
  const SERVER = { owner: 'server', server: 'cache.example:11211' } as const
  let pki: Pki
  let reports: ExpiryMessage[]
  let watch: ExpiryWatch | undefined
  const start = (warnBefore?: number): ExpiryWatch =>
    (watch = new ExpiryWatch(warnBefore, (message) => reports.push(message)))

  beforeEach(async () => {
    pki = await createPki()
    reports = []
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
  })
  afterEach(() => {
    watch?.stop()
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  it.each([
    ['90 days, with 15 left', 90, 15, undefined, 0],
    ['90 days, with 13 left', 90, 13, undefined, 1],
    ['30 days, with 13 left', 30, 13, undefined, 0],
    ['30 days, with 9 left', 30, 9, undefined, 1],
    ['one day, with 12 hours left', 1, 0.5, undefined, 0],
    ['one day, with 7 hours left', 1, 0.29, undefined, 1],
    ['90 days, ended', 90, -1, undefined, 1],
    ['90 days, with 29 left and 30 asked for', 90, 29, 30, 1],
    ['90 days, with 2 left and 1 asked for', 90, 2, 1, 0],
  ] as const)('tells of a certificate of %s, or not', async (_what, life, left, warnBefore, times) => {
    const described = await certificate(pki, life, left)
    start(warnBefore).watch(SERVER, described)
    expect(reports).toHaveLength(times)
    if (times === 0) return
    expect(reports).toMatchObject([{ ...SERVER, certificate: described }])
    expect(reports[0]?.daysLeft).toBeCloseTo(left, 3)
  })

  it('tells once a day while it is in use, also when nothing else happens', async () => {
    const described = await certificate(pki, 90, 15)
    const watching = start()
    watching.watch(SERVER, described)
    vi.advanceTimersByTime(20 * HOUR)
    expect(reports).toHaveLength(0)
    vi.advanceTimersByTime(6 * HOUR)
    expect(reports).toHaveLength(1)
    for (let time = 0; time < 10; time++) watching.watch(SERVER, described)
    expect(reports).toHaveLength(1)
    vi.advanceTimersByTime(3 * DAY)
    expect(reports).toHaveLength(4)
    watching.watch(SERVER, await certificate(pki, 90, 80))
    vi.advanceTimersByTime(3 * DAY)
    expect(reports).toHaveLength(4)
  })

  it('tells of each server and of our own', async () => {
    const described = await certificate(pki, 90, 1)
    const watching = start()
    watching.watch(SERVER, described)
    watching.watch({ owner: 'server', server: 'other.example:11211' }, described)
    watching.watch({ owner: 'own', server: undefined }, described)
    expect(reports.map(({ owner, server }) => server ?? owner)).toEqual([
      'cache.example:11211',
      'other.example:11211',
      'own',
    ])
  })
})

describe('a transport', () => {
  const published: ExpiryMessage[] = []
  const note = (message: unknown): void => void published.push(message as ExpiryMessage)
  afterEach(() => {
    unsubscribe(CHANNEL_NAMES.expiry, note)
    vi.restoreAllMocks()
  })

  it("tells of its own certificate and of a server's, by event and on its channel", async () => {
    const pki = await createPki()
    const client = await pki.issueClient({ notBefore: inDays(-80), notAfter: inDays(10) })
    const serverCertificate = await pki.issueServer({ notBefore: inDays(-80), notAfter: inDays(5) })
    await using server = await startMemcached('mutual-tls', { pki, serverCertificate })
    subscribe(CHANNEL_NAMES.expiry, note)
    using transport = tls({ ca: pki.ca, ...client })
    const [own] = (await once(transport, 'expiry')) as [ExpiryMessage]
    expect(own).toMatchObject({ owner: 'own', server: undefined, certificate: { subject: 'CN=service' } })
    expect(own.daysLeft).toBeCloseTo(10, 2)

    const told = once(transport, 'expiry')
    const signal = AbortSignal.timeout(10_000)
    const channel = await openChannel(parseEndpoint(server.address), { transport, signal })
    channel.destroy()
    const [theirs] = (await told) as [ExpiryMessage]
    expect(theirs).toMatchObject({
      owner: 'server',
      server: server.address,
      certificate: { subject: 'CN=memcached' },
    })
    expect(theirs.daysLeft).toBeCloseTo(5, 2)
    expect(published).toEqual([own, theirs])
  })

  it('warns the process where nobody listens', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
    const pki = await createPki()
    const client = await pki.issueClient({ notBefore: inDays(-80), notAfter: inDays(10) })
    using transport = tls({ ca: pki.ca, ...client })
    await new Promise(setImmediate)
    expect(transport.listenerCount('expiry')).toBe(0)
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(/Our own certificate \(CN=service\) ends in 10\.0 days.*renew it/),
        { code: 'MEMKEEP_TLS_EXPIRY' },
      ],
    ])
  })
})
