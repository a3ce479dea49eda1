import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseEndpoint } from '@memkeep/core'
import { asciiAuth } from '@memkeep/sasl'
import { findFreePort, startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { describe, expect, test } from 'vitest'
import type { Check, CheckContext, CheckResult } from '../../check.ts'
import { openServerAudit, type ServerAuditOptions } from '../../engine/server-audit.ts'
import { checkTls } from '../tls/index.ts'
import { checkReachability } from './index.ts'

/** @param change what the server is made out to be: no test can have a public address */
async function check(
  address: string,
  options: ServerAuditOptions = {},
  change: (context: CheckContext) => CheckContext = (context) => context,
  run: Check = checkReachability,
): Promise<CheckResult> {
  const opened = await openServerAudit(parseEndpoint(address), options, new AbortController().signal)
  if (typeof opened === 'string') throw new Error(opened)
  try {
    return await run(change(opened.context))
  } finally {
    opened.close()
  }
}

function found({ findings = [] }: CheckResult): readonly string[] {
  return findings.map(({ severity, id, detail }) => `${severity} ${id}${detail === '' ? '' : `: ${detail}`}`)
}

describe('addresses', () => {
  test('loopback alone is as it should be', async () => {
    await using server = await startMemcached('plain')
    const seen = await check(server.address)
    expect(found(seen)).toEqual([])
    expect(seen.unknowns).toEqual([])
    expect(seen.facts).toEqual([
      { name: 'Address', value: '127.0.0.1 (loopback)' },
      { name: 'Listens on', value: '127.0.0.1' },
      { name: 'UDP', value: 'closed' },
    ])
  })

  test('what nobody is told is an unknown, which a friend clears up', async () => {
    await using server = await startMemcached('ascii-auth')
    const stranger = await check(server.address)
    expect(stranger.unknowns).toEqual([
      'On which other addresses it listens: its settings are told to nobody.',
    ])
    const { credentials } = server
    if (credentials === undefined) throw new Error('there is no password')
    const friend = await check(server.address, { auth: asciiAuth(credentials) })
    expect(friend.unknowns).toEqual([])
    expect(found(friend)).toEqual([])
  })

  test('every interface is a finding', async () => {
    await using server = await startMemcached('plain')
    const seen = await check(server.address, {}, withSettings({ inter: 'NULL' }))
    expect(found(seen)).toEqual(['medium every-interface'])
    expect(seen.findings?.[0]?.evidence).toEqual([{ sent: 'stats settings', received: 'STAT inter NULL' }])
  })

  test('a public address is a finding, told once', async () => {
    await using server = await startMemcached('plain')
    const isPublic = { address: '203.0.113.9', addresses: ['203.0.113.9', '10.0.0.5'] }
    const change = withSettings({ inter: '203.0.113.9:11211,0.0.0.0' })
    // UDP is asked at no other address than the one that was connected to, here
    const seen = await check(server.address, {}, (context) => ({
      ...change(context),
      addresses: isPublic.addresses,
    }))
    expect(found(seen)).toEqual(['high public-address: 203.0.113.9'])
  })

  test('a public address among those that it listens on is one', async () => {
    await using server = await startMemcached('plain')
    const seen = await check(server.address, {}, withSettings({ inter: '127.0.0.1,[2001:db8::1]:11211' }))
    expect(found(seen)).toEqual(['high public-address: 2001:db8::1'])
  })

  test('a private one is none', async () => {
    await using server = await startMemcached('plain')
    const seen = await check(server.address, {}, withSettings({ inter: '10.0.0.5,fd00::5' }))
    expect(found(seen)).toEqual([])
  })
})

describe('UDP', () => {
  test('on the same port it answers', async () => {
    const port = await findFreePort()
    await using server = await startMemcached('plain', { port, args: ['-U', String(port)] })
    const seen = await check(server.address)
    expect(found(seen)).toEqual([`low udp-open: port ${String(port)}`])
    expect(seen.findings?.[0]?.evidence).toEqual([
      { sent: 'version (UDP)', received: expect.stringMatching(/^VERSION 1\./) as string },
      { sent: 'stats settings', received: `STAT udpport ${String(port)}` },
    ])
  })

  test('on another port it is told by the settings alone', async () => {
    const port = await findFreePort()
    await using server = await startMemcached('plain', { args: ['-U', String(port)] })
    const seen = await check(server.address)
    expect(found(seen)).toEqual([`low udp-open: port ${String(port)}`])
    expect(seen.findings?.[0]?.evidence).toHaveLength(1)
  })

  test('beside TLS it is found as well', async () => {
    const port = await findFreePort()
    await using server = await startMemcached('tls', { port, args: ['-U', String(port)] })
    expect(found(await check(server.address))).toEqual([`low udp-open: port ${String(port)}`])
  })

  test.each([
    ['says nothing', undefined],
    ['says something else', Buffer.from('no header')],
    ['says too little', Buffer.alloc(3)],
  ])('that %s is an unknown where settings are told to nobody', async (_name, answer) => {
    const port = await findFreePort()
    const udp = createSocket('udp4')
    udp.on('message', (_datagram, { port: to, address }) => {
      if (answer !== undefined) udp.send(answer, to, address)
    })
    udp.bind(port, '127.0.0.1')
    await once(udp, 'listening')
    await using server = await startMemcached('ascii-auth', { port })
    const seen = await check(server.address)
    udp.close()
    expect(found(seen)).toEqual([])
    expect(seen.unknowns?.[1]).toMatch(/^Whether UDP is open: one datagram/)
  })

  test.each([
    ['10.0.0.5', 'high udp-open'],
    ['*', 'high udp-open'],
    ['203.0.113.9', 'critical udp-open'],
  ])('is worse where %s reaches it', async (inter, finding) => {
    await using server = await startMemcached('plain')
    const seen = await check(server.address, {}, withSettings({ inter, udpport: '11211' }))
    expect(found(seen)).toContain(`${finding}: port 11211`)
  })
})

describe('plaintext beside TLS', () => {
  test('a listener without TLS is told by the settings', async () => {
    const port = await findFreePort()
    await using server = await startMemcached('tls', { args: ['-l', `notls:127.0.0.1:${String(port)}`] })
    const seen = await check(server.address)
    expect(found(seen)).toEqual([`low plaintext-beside-tls: notls:127.0.0.1:${String(port)}`])
  })

  test('and found by whoever asks it', async () => {
    const port = await findFreePort()
    await using server = await startMemcached('tls', { args: ['-l', `notls:127.0.0.1:${String(port)}`] })
    const seen = await check(`${server.host}:${String(port)}`)
    expect(found(seen)).toEqual([`low plaintext-beside-tls: notls:127.0.0.1:${String(port)}`])
    // so that it is not told twice
    expect(found(await check(`${server.host}:${String(port)}`, {}, (context) => context, checkTls))).toEqual(
      [],
    )
    expect(seen.findings?.[0]?.evidence[0]).toEqual({ sent: 'version (without TLS)', received: 'answered' })
  })

  test('beyond loopback it is worse', async () => {
    await using server = await startMemcached('tls')
    const seen = await check(server.address, {}, withSettings({ inter: '127.0.0.1,notls:10.0.0.5:11212' }))
    expect(found(seen)).toEqual(['high plaintext-beside-tls: notls:10.0.0.5:11212'])
  })

  test.each(['tls', 'mutual-tls'] as const)('is not found on %s', async (posture) => {
    await using server = await startMemcached(posture)
    expect(
      found(await check(server.address, { transport: tls({ ...server.clientTls, watchInterval: 0 }) })),
    ).toEqual([])
  })
})

describe('a Unix socket', () => {
  test.each([
    ['0700', '0755', [], 'its user'],
    ['0770', '0755', [], 'its user and group'],
    ['0777', '0755', ['medium unix-socket-open: mode 0777'], 'everybody'],
    ['0702', '0711', ['medium unix-socket-open: mode 0702'], 'everybody'],
    // others may write to it and not come near it
    ['0777', '0700', [], 'those who may enter'],
  ])('of mode %s in a folder of mode %s', async (mask, folderMode, findings, who) => {
    await using server = await startMemcached('plain', { unixSocket: true, args: ['-a', mask] })
    await chmod(dirname(server.address), Number.parseInt(folderMode, 8))
    const seen = await check(server.address)
    expect(found(seen)).toEqual(findings)
    expect(seen.facts?.[0]?.value).toContain(`: ${who}`)
  })

  test('that is gone by then is an unknown', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'memkeep-test-'))
    await using server = await startMemcached('plain', { unixSocket: true })
    const seen = await check(server.address, {}, (context) => ({
      ...context,
      endpoint: { path: join(folder, 'none.sock') },
    }))
    await rm(folder, { recursive: true })
    expect(seen.unknowns).toEqual(['Who may connect to the socket: its permissions cannot be read (ENOENT).'])
  })
})

/** Has the server say something else of itself. */
function withSettings(settings: Readonly<Record<string, string>>): (context: CheckContext) => CheckContext {
  return (context) => ({
    ...context,
    async readSettings() {
      const told = await context.readSettings()
      return { toldTo: 'stranger', values: new Map([...(told?.values ?? []), ...Object.entries(settings)]) }
    },
  })
}
