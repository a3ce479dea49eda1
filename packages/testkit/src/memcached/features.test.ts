import { once } from 'node:events'
import { createConnection } from 'node:net'
import { describe, expect, it } from 'vitest'
import { findServerFeatures, isSince } from './features.ts'
import { startMemcached, type MemcachedServer } from './server.ts'

/** What the server sends until it answers `version`. */
async function exchange(server: MemcachedServer, request: string): Promise<string> {
  const socket = createConnection(server).setEncoding('latin1')
  socket.write(`${request}version\r\n`)
  let received = ''
  for await (const chunk of socket as AsyncIterable<string>) {
    received += chunk
    if (/(^|\n)VERSION .*\r\n$/.test(received)) break
  }
  return received
}

describe('the features of the memcached under test', () => {
  it('name its version', async () => {
    await using server = await startMemcached('plain')
    expect(await exchange(server, '')).toBe(`VERSION ${(await findServerFeatures()).version}\r\n`)
  })

  it('match what it does with meta commands', async () => {
    const { metaCommands, protocols } = await findServerFeatures()
    await using server = await startMemcached('plain')
    expect((await exchange(server, 'ms k 1\r\nx\r\n')).startsWith('HD\r\n')).toBe(metaCommands)
    expect(protocols.includes('meta')).toBe(metaCommands)
  })

  it('match the settings that it shows', async () => {
    const { shutdownSetting } = await findServerFeatures()
    await using server = await startMemcached('plain')
    expect((await exchange(server, 'stats settings\r\n')).includes('STAT shutdown_command ')).toBe(
      shutdownSetting,
    )
  })

  it('match whether it survives statistics of extstore', async () => {
    const { extstoreStats } = await findServerFeatures()
    await using server = await startMemcached('plain')
    const socket = createConnection(server).on('error', () => undefined)
    socket.write('stats extstore\r\n')
    const answered = await Promise.race([once(socket, 'data').then(() => true), closed(socket)])
    socket.destroy()
    expect(answered).toBe(extstoreStats)
  })

  it('match whether it takes a lowest version of TLS', async () => {
    const { minTlsVersion } = await findServerFeatures()
    const started = startMemcached('tls', { args: ['-o', 'ssl_min_version=3'] }).then(
      async (server) => {
        await server.stop()
        return true
      },
      () => false,
    )
    expect(await started).toBe(minTlsVersion)
  })
})

async function closed(socket: NodeJS.EventEmitter): Promise<false> {
  await once(socket, 'close')
  return false
}

describe('isSince', () => {
  it.each([
    ['1.6.10', true],
    ['1.6.9', false],
    ['1.6.9_3_gabc', false],
    ['1.6.10-rc1', true],
    ['1.6.45', true],
    ['1.5.22', false],
    ['1.10.0', true],
    ['2', true],
    ['1.6', false],
  ])('tells whether %s is 1.6.10 or later: %s', (version, expected) => {
    expect(isSince(version, [1, 6, 10])).toBe(expected)
  })
})
