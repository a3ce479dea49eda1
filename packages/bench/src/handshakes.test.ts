import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { describe, expect, it } from 'vitest'
import { connectFor } from './handshake-slice.ts'
import { measureHandshakes } from './handshakes.ts'

const PATIENCE = 5_000

describe('measureHandshakes', () => {
  it('measures every way against real servers', async () => {
    const plan = { rounds: 2, slice: 10, patience: PATIENCE }
    const { settings, handshakes } = await measureHandshakes(plan, () => undefined, ['P-256'])
    expect(settings).toEqual(plan)
    expect(handshakes.map(({ server, handshake }) => `${server}: ${handshake}`)).toEqual([
      'TCP: none',
      'TLS, P-256: full',
      'TLS, P-256: resumed',
      'mutual TLS, P-256: full',
      'mutual TLS, P-256: resumed',
    ])
    for (const { rounds, milliseconds } of handshakes) {
      expect(rounds).toHaveLength(2)
      expect(milliseconds.median).toBeGreaterThan(0)
      for (const { connections } of rounds) expect(connections).toBeGreaterThan(0)
    }
  })
})

describe('connectFor', () => {
  it('refuses to time what is not what it is called', async () => {
    await using server = await startMemcached('tls')
    const endpoint = { host: server.host, port: server.port }
    const veteran = tls(server.clientTls)
    const full = { server: 'TLS', handshake: 'full', endpoint, nextTransport: () => veteran } as const
    await expect(connectFor(full, 1, PATIENCE)).rejects.toThrow(/^TLS: a connection resumed a session/)
    const resumed = {
      server: 'TLS',
      handshake: 'resumed',
      endpoint,
      nextTransport: () => tls(server.clientTls),
    } as const
    await expect(connectFor(resumed, 1, PATIENCE)).rejects.toThrow(/^TLS: a connection did not resume/)
  })

  it('fails when a connection does', async () => {
    const server = await startMemcached('tls')
    const endpoint = { host: server.host, port: server.port }
    await server.stop()
    const way = {
      server: 'TLS',
      handshake: 'full',
      endpoint,
      nextTransport: () => tls(server.clientTls),
    } as const
    await expect(connectFor(way, 1, PATIENCE)).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_CONNECT_FAILED',
    })
  })
})
