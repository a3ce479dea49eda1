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

it('a name with a trailing dot is sent and verified without it', async () => {
  await using server = await startMemcached('tls')
  await opens(server.address, { ...server.clientTls, servername: 'localhost.' })
})
