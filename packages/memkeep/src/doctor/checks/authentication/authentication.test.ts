import { setTimeout as delay } from 'node:timers/promises'
import { tcp } from '@memkeep/core'
import { startFaultServer, startMemcached, startRelay } from '@memkeep/testkit'
import { describe, expect, test } from 'vitest'
import { startBinaryOnly } from '../../../../test/doctor/binary-only.ts'
import { idsOf, runChecks, type Outcome } from '../../../../test/doctor/run-checks.ts'
import { checkAuthentication } from './index.ts'

const EVERY_MECHANISM = ['plain', 'login', 'anonymous', 'cram-md5', 'digest-md5', 'ntlm', 'scram-sha-256']

function fact({ facts }: Outcome, name: string): string | undefined {
  return facts.find((one) => one.name === name)?.value
}

describe.concurrent('mechanisms that are offered', () => {
  test.each([
    [['scram-sha-256'], ['sasl-without-tls low']],
    [
      ['plain', 'scram-sha-256'],
      ['plain-without-tls low', 'sasl-without-tls low'],
    ],
    [['cram-md5'], ['no-scram low', 'sasl-cram-md5 medium', 'sasl-without-tls low']],
    [
      ['digest-md5', 'scram-sha-256'],
      ['sasl-digest-md5 medium', 'sasl-without-tls low'],
    ],
    [
      EVERY_MECHANISM,
      [
        'plain-without-tls low',
        'sasl-anonymous critical',
        'sasl-cram-md5 medium',
        'sasl-digest-md5 medium',
        'sasl-login low',
        'sasl-ntlm medium',
        'sasl-without-tls low',
      ],
    ],
  ])('%j in clear', async (mechanisms, findings) => {
    await using server = await startMemcached('sasl', { mechanisms })
    const outcome = await runChecks(server.address, [checkAuthentication])
    expect(idsOf(outcome)).toEqual(findings)
    expect(fact(outcome, 'Authentication')).toBe(`SASL (${mechanisms.join(', ').toUpperCase()})`)
    expect(outcome.unknowns).toEqual([])
    for (const { evidence } of outcome.findings) {
      expect(evidence).toEqual([
        { sent: 'SASL LIST MECHS (binary)', received: mechanisms.join(' ').toUpperCase() },
      ])
    }
  })

  test('over TLS, PLAIN beside SCRAM is no finding', async () => {
    await using server = await startMemcached('tls+sasl', { mechanisms: ['plain', 'scram-sha-256'] })
    expect(idsOf(await runChecks(server.address, [checkAuthentication]))).toEqual([])
  })

  test('behind a client certificate are an unknown for strangers', async () => {
    await using server = await startMemcached('mutual-tls+sasl')
    const outcome = await runChecks(server.address, [checkAuthentication])
    expect(outcome.findings).toEqual([])
    expect(fact(outcome, 'Authentication')).toBe('client certificate')
    expect(outcome.unknowns).toEqual([expect.stringContaining('behind the client certificate')])
  })
})

describe.concurrent('anonymous commands', () => {
  test('of a server that speaks text alone', async () => {
    await using server = await startMemcached('plain', { args: ['-B', 'ascii'] })
    const { findings } = await runChecks(server.address, [checkAuthentication])
    expect(findings.map(({ id }) => id)).toEqual(['anonymous-commands'])
    expect(findings[0]?.detail).toMatch(/^by text and meta commands;/)
  })

  test('of a server that speaks the binary protocol alone', async () => {
    await using memcached = await startMemcached('plain')
    await using server = await startBinaryOnly(memcached)
    const { findings } = await runChecks(server.address, [checkAuthentication])
    expect(findings.map(({ id }) => id)).toEqual(['anonymous-commands'])
    expect(findings[0]?.detail).toMatch(/^by binary commands;/)
  })

  test('are an unknown where a proxy answers nothing but its version', async () => {
    await using proxy = await startFaultServer((socket) =>
      socket.on('data', (data) => {
        socket.write(data.toString() === 'version\r\n' ? 'VERSION a-proxy\r\n' : 'SERVER_ERROR\r\n')
      }),
    )
    const { findings, unknowns } = await runChecks(proxy.address, [checkAuthentication])
    // its version alone was told, which a stranger of a SASL server is told as well
    expect(findings).toEqual([])
    expect(unknowns).toHaveLength(1)
  })
})

describe.concurrent('wrong passwords', () => {
  test('are not tried, and no mechanism is begun, without active', async () => {
    await using server = await startMemcached('sasl', { mechanisms: ['plain', 'scram-sha-256'] })
    await using relay = await startRelay(server)
    const outcome = await runChecks(relay.address, [checkAuthentication])
    expect(fact(outcome, 'Wrong passwords')).toBeUndefined()
    // opcodes 0x21 and 0x22
    expect(relay.saw(Buffer.from([0x80, 0x21]))).toBe(false)
    expect(relay.saw(Buffer.from([0x80, 0x22]))).toBe(false)
  })

  test.each([
    ['PLAIN', ['plain']],
    ['SCRAM', ['scram-sha-256']],
  ])('are tried three times with active: %s', async (name, mechanisms) => {
    await using server = await startMemcached('sasl', { mechanisms })
    await using relay = await startRelay(server)
    const outcome = await runChecks(relay.address, [checkAuthentication], { active: true })
    const finding = outcome.findings.find(({ id }) => id === 'no-brute-force-delay')
    expect(finding?.evidence).toHaveLength(3)
    expect(finding?.evidence[0]).toMatchObject({ sent: expect.stringContaining(name) as string })
    expect(fact(outcome, 'Wrong passwords')).toMatch(/^refused after \d+, \d+ and \d+ ms$/)
    expect(countOf(relay.sent(), Buffer.from([0x80, 0x21]))).toBe(3)
  })

  test('are tried three times with ASCII authentication, and store nothing', async () => {
    await using server = await startMemcached('ascii-auth')
    await using relay = await startRelay(server)
    const outcome = await runChecks(relay.address, [checkAuthentication], { active: true })
    expect(idsOf(outcome)).toContain('no-brute-force-delay info')
    expect(countOf(relay.sent(), Buffer.from('set '))).toBe(3)
    expect(countOf(relay.received(), Buffer.from('STORED'))).toBe(0)
  })

  test('are never said where the server lets anyone in: they would be stored', async () => {
    await using server = await startMemcached('plain')
    await using relay = await startRelay(server)
    await runChecks(relay.address, [checkAuthentication], { active: true, transport: tcp() })
    expect(relay.saw('set ')).toBe(false)
  })

  test.each([
    ['hangs up', 2, 0],
    ['takes its time', Infinity, 700],
  ])('are no finding on a server that %s', async (_, tries, pause) => {
    let tried = 0
    await using server = await startFaultServer((socket) =>
      socket.on('data', (data) => {
        void (async () => {
          const isTry = data.toString().startsWith('set ')
          if (isTry && ++tried > tries) return socket.destroy()
          if (isTry) await delay(pause)
          return socket.write(`CLIENT_ERROR ${isTry ? 'authentication failure' : 'unauthenticated'}\r\n`)
        })()
      }),
    )
    const outcome = await runChecks(server.address, [checkAuthentication], { active: true })
    expect(idsOf(outcome)).toEqual(['ascii-auth-without-tls low'])
    expect(fact(outcome, 'Wrong passwords')).toMatch(/ms, and slowed down$/)
  })
})

function countOf(bytes: Buffer, needle: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) count++
  return count
}
