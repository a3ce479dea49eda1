import type { PeerCertificate } from 'node:tls'
import { startMemcached } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { opens } from '../test/opens.ts'
import { checkIdentity } from './identity.ts'

/** Whether a certificate with these names is one for that name. */
function isFor(name: string, subjectaltname: string, commonName?: string): boolean {
  const peer = { subjectaltname, subject: { CN: commonName ?? 'none' } } as PeerCertificate
  return checkIdentity({ server: 'server:11211', name, pins: undefined }, peer) === undefined
}

describe('the name of a server', () => {
  it('is matched by a wildcard for its whole first label, and by no part of one', () => {
    expect(isFor('cache1.example.org', 'DNS:*.example.org')).toBe(true)
    for (const pattern of [
      'c*.example.org',
      '*1.example.org',
      'ca*e1.example.org',
      'cache1.*.org',
      '*',
      '*.*.org',
    ]) {
      expect(isFor('cache1.example.org', `DNS:${pattern}`), pattern).toBe(false)
    }
    expect(isFor('a.cache1.example.org', 'DNS:*.example.org')).toBe(false)
  })

  it('is never looked for in the common name, also where every other name is refused', () => {
    expect(isFor('cache1.example.org', 'DNS:c*.example.org', 'cache1.example.org')).toBe(false)
    expect(isFor('cache1.example.org', 'IP Address:127.0.0.1', 'cache1.example.org')).toBe(false)
  })
})

describe('the address of a server', () => {
  it.each([
    ['::1', '0:0:0:0:0:0:0:1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:db8::1', '2001:DB8:0:0:0:0:0:1'],
    ['FE80::1', 'fe80:0:0:0:0:0:0:1'],
    ['fe80::1%lo', 'FE80:0:0:0:0:0:0:1'],
    ['::ffff:127.0.0.1', '0:0:0:0:0:FFFF:7F00:1'],
    ['127.0.0.1', '127.0.0.1'],
  ])('is matched however it is spelt: %s by %s', (name, listed) => {
    expect(isFor(name, `IP Address:${listed}`)).toBe(true)
    expect(isFor(name, `DNS:localhost, IP Address:192.0.2.7, IP Address:${listed}`)).toBe(true)
  })

  it.each([
    ['::1', 'IP Address:0:0:0:0:0:0:0:2'],
    ['::1', 'DNS:::1'],
    ['::1', 'IP Address:<invalid>'],
    ['127.0.0.1', 'DNS:127.0.0.1'],
    ['127.0.0.1', 'IP Address:0:0:0:0:0:FFFF:7F00:1'],
    ['127.0.0.1', 'DNS:"127.0.0.1, IP Address:127.0.0.1"'],
    ['127.0.0.1', 'URI:http://127.0.0.1'],
  ])('is not matched by another, nor by a name: %s by %s', (name, listed) => {
    expect(isFor(name, `DNS:localhost, ${listed}`, name)).toBe(false)
  })
})

it('a name with a trailing dot is sent and verified without it', async () => {
  await using server = await startMemcached('tls')
  await opens(server.address, { ...server.clientTls, servername: 'localhost.' })
})
