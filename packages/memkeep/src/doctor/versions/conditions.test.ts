import { describe, expect, it } from 'vitest'
import { describeCondition, evaluate, type Answer, type Condition, type Observed } from './conditions.ts'

function observed(settings?: Readonly<Record<string, string>>, more: Partial<Observed> = {}): Observed {
  return {
    endpoint: { host: 'cache1', port: 11_211 },
    speaks: { plain: true, tls: false },
    strangerProtocol: 'text',
    version: '1.6.18',
    settings: settings === undefined ? undefined : new Map(Object.entries(settings)),
    ...more,
  }
}

describe('evaluate', () => {
  it.each<[condition: Condition, settings: Record<string, string> | undefined, answer: Answer]>([
    ['anything', undefined, 'yes'],
    ['tls', { ssl_enabled: 'yes' }, 'yes'],
    ['tls', { ssl_enabled: 'no' }, 'no'],
    ['tls', {}, 'no'],
    ['tls', undefined, 'unknown'],
    ['sasl', { auth_enabled_sasl: 'yes' }, 'yes'],
    ['sasl', { auth_enabled_sasl: 'no' }, 'no'],
    ['sasl', undefined, 'unknown'],
    ['sasl-password-file', { auth_enabled_sasl: 'yes' }, 'unknown'],
    ['sasl-password-file', { auth_enabled_sasl: 'no' }, 'no'],
    ['ascii-auth', { auth_enabled_ascii: '/etc/memcached.users' }, 'yes'],
    ['ascii-auth', { auth_enabled_ascii: 'no' }, 'no'],
    ['ascii-auth', undefined, 'unknown'],
    ['ascii-auth-and-binary', { auth_enabled_ascii: '/etc/memcached.users' }, 'unknown'],
    ['ascii-auth-and-binary', { auth_enabled_ascii: 'no' }, 'no'],
    ['ascii-auth-file-end', { auth_enabled_ascii: '/etc/memcached.users' }, 'unknown'],
    ['udp', { udpport: '11211' }, 'yes'],
    ['udp', { udpport: '0' }, 'no'],
    ['udp', undefined, 'unknown'],
    ['sasl-and-udp', { auth_enabled_sasl: 'yes', udpport: '11211' }, 'yes'],
    ['sasl-and-udp', { auth_enabled_sasl: 'yes', udpport: '0' }, 'no'],
    ['sasl-and-udp', { auth_enabled_sasl: 'no', udpport: '11211' }, 'no'],
    ['sasl-and-udp', undefined, 'unknown'],
    ['unix-socket', { domain_socket: '/run/memcached.sock' }, 'yes'],
    ['unix-socket', { domain_socket: 'NULL' }, 'no'],
    ['binary', { binding_protocol: 'auto-negotiate' }, 'yes'],
    ['binary', { binding_protocol: 'ascii' }, 'no'],
    ['binary', {}, 'unknown'],
    ['dump', { dump_enabled: 'yes' }, 'yes'],
    ['dump', { dump_enabled: 'no' }, 'no'],
    // memcached of before the setting had no way to turn it off
    ['dump', {}, 'yes'],
    ['proxy', { proxy_enabled: 'yes' }, 'yes'],
    ['proxy', {}, 'no'],
    ['verbose', { verbosity: '2' }, 'yes'],
    ['verbose', { verbosity: '1' }, 'no'],
  ])('%s with %j: %s', (condition, settings, answer) => {
    expect(evaluate(condition, observed(settings))).toBe(answer)
  })

  it('sees TLS, binary, a Unix socket and ASCII authentication without any settings', () => {
    expect(evaluate('tls', observed(undefined, { speaks: { plain: false, tls: true } }))).toBe('yes')
    expect(evaluate('binary', observed(undefined, { strangerProtocol: 'binary' }))).toBe('yes')
    expect(evaluate('unix-socket', observed(undefined, { endpoint: { path: '/run/m.sock' } }))).toBe('yes')
    expect(evaluate('ascii-auth', observed(undefined, { version: undefined }))).toBe('yes')
  })

  it('says in words what it could not see', () => {
    expect(describeCondition('udp')).toBe('if UDP is on')
  })
})
