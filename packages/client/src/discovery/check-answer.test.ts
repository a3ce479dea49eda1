import { describe, expect, it } from 'vitest'
import { checkAnswer } from './check-answer.ts'
import type { Discovery } from './discovery.ts'

const discovery: Discovery = {
  name: 'test',
  interval: 1,
  discover: () => Promise.reject(new Error('unused')),
}
const FAILED = expect.objectContaining({
  code: 'ERR_MEMKEEP_DISCOVERY_FAILED',
  message: expect.stringContaining('discovery test') as string,
}) as Error
const a = { host: 'a', port: 1 }

describe('an answer of a discovery', () => {
  it('is read once, with what belongs to it', () => {
    const servers = [
      { ...a, weight: 3, other: 'ignored' },
      { host: '::1', port: 2, secure: true },
    ]
    const checked = checkAnswer({ version: 0, servers }, discovery)
    servers.pop()
    expect(checked).toEqual({
      version: 0,
      members: [
        { endpoint: a, weight: 3 },
        { endpoint: { host: '::1', port: 2, secure: true }, weight: 1 },
      ],
    })
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'a:1'],
    ['no version', { servers: [a] }],
    ['a negative version', { version: -1, servers: [a] }],
    ['a fraction as version', { version: 0.5, servers: [a] }],
    ['NaN as version', { version: NaN, servers: [a] }],
    ['a version that is not safe', { version: 2 ** 53, servers: [a] }],
    ['text as version', { version: '1', servers: [a] }],
    ['no servers', { version: 1, servers: [] }],
    ['servers that are no list', { version: 1, servers: a }],
    ['holes', { version: 1, servers: new Array<unknown>(2) }],
    ['a server as text', { version: 1, servers: ['a:1'] }],
    ['a Unix socket', { version: 1, servers: [{ path: '/run/memcached' }] }],
    ['a Unix socket with a host', { version: 1, servers: [{ ...a, path: '/run/memcached' }] }],
    ['a host that breaks out', { version: 1, servers: [{ host: 'a\r\nb', port: 1 }] }],
    ['a port out of range', { version: 1, servers: [{ host: 'a', port: 65_536 }] }],
    ['a port as text', { version: 1, servers: [{ host: 'a', port: '1' }] }],
    ['a server twice', { version: 1, servers: [a, { ...a, weight: 2 }] }],
    ['a weight of 0', { version: 1, servers: [{ ...a, weight: 0 }] }],
    ['a weight that is too large', { version: 1, servers: [{ ...a, weight: 2 ** 32 }] }],
    ['a secure that is text', { version: 1, servers: [{ ...a, secure: 'no' }] }],
    ['one bad server among good ones', { version: 1, servers: [a, { host: '', port: 1 }] }],
  ])('is refused whole with %s', (_, answer) => {
    expect(() => checkAnswer(answer, discovery)).toThrow(FAILED)
  })

  it('may name a thousand servers, or as many as its discovery allows', () => {
    const servers = Array.from({ length: 1_001 }, (_, index) => ({ host: `n${String(index)}`, port: 1 }))
    const answer = { version: 1, servers }
    expect(() => checkAnswer(answer, discovery)).toThrow(/1001 servers.*1000.*maxServers/)
    expect(checkAnswer(answer, { ...discovery, maxServers: 1_001 }).members).toHaveLength(1_001)
    expect(() => checkAnswer(answer, { ...discovery, maxServers: 2 })).toThrow(FAILED)
  })
})
