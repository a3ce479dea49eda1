import { startFaultServer } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'
import { isProxyFailure } from './protocol/proxy-failure.ts'

/** What proxies answer for a memcached that they cannot reach. */
const FAILURES = [
  'SERVER_ERROR backend failure',
  'SERVER_ERROR timeout',
  'SERVER_ERROR connection timeout',
  'SERVER_ERROR connection error',
  'SERVER_ERROR unavailable',
  'SERVER_ERROR 301 shutdown',
  'SERVER_ERROR 307 busy',
  'SERVER_ERROR Connection refused',
  'SERVER_ERROR Connection timed out',
  'SERVER_ERROR Connection reset by peer',
  'SERVER_ERROR Host is down',
  'SERVER_ERROR No route to host',
  'SERVER_ERROR proxy downstream closed',
]

/** A proxy that answers `version` itself, and everything else as given. */
function startProxy(failure: string): ReturnType<typeof startFaultServer> {
  return startFaultServer((socket) => {
    socket.setEncoding('latin1').on('data', (text: string) => {
      for (const line of text.split('\r\n')) {
        if (line === 'version') socket.write('VERSION 1.6.39\r\n')
        else if (line === 'mn') socket.write('MN\r\n')
        else if (/^(?:get|gets|set|delete|incr|mg|ms|md|ma) /.test(line)) socket.write(`${failure}\r\n`)
      }
    })
  })
}

const unreachable = expect.objectContaining({ code: 'ERR_MEMKEEP_BACKEND_UNREACHABLE' }) as Error

describe.each(['text', 'auto'] as const)('a proxy without its backend, protocol %s', (protocol) => {
  it.each(FAILURES)('%s counts as unreachable', async (failure) => {
    await using proxy = await startProxy(failure)
    await using client = new MemcachedClient({ servers: proxy.address, protocol, onServerDown: 'miss' })
    expect(await client.get('key')).toBeUndefined()
    expect(await client.set('key', 'value')).toBe(false)
    expect([...(await client.getMany(['a', 'b']))]).toEqual([])
    await expect(client.delete('key')).rejects.toThrow(unreachable)

    await using strict = new MemcachedClient({ servers: proxy.address, protocol })
    await expect(strict.get('key')).rejects.toThrow(unreachable)
    await expect(strict.get('key')).rejects.toThrow(failure.slice('SERVER_ERROR '.length))
    await expect(strict.set('key', 'value')).rejects.toThrow(unreachable)
  })
})

describe('isProxyFailure', () => {
  it.each([
    'SERVER_ERROR out of memory storing object',
    'SERVER_ERROR object too large for cache',
    'CLIENT_ERROR backend failure',
    'SERVER_ERROR a timeout of the third kind',
    'ERROR',
  ])('is not %s', (message) => {
    expect(isProxyFailure(message)).toBe(false)
  })
})
