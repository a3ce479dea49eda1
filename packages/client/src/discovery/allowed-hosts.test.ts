import { describe, expect, it } from 'vitest'
import { allowedHosts } from './allowed-hosts.ts'

describe('a list of allowed hosts', () => {
  const isAllowed = allowedHosts('test', ['.cache.amazonaws.com', 'Exact.example', '10.0.0.1', 'fd00::1'])

  it.each([
    'node.cache.amazonaws.com',
    'A.B.Cache.AmazonAWS.com.',
    'exact.example',
    '10.0.0.1',
    'fd00::1',
    'FD00:0:0::1',
  ])('holds %s', (host) => {
    expect(isAllowed(host)).toBe(true)
  })

  it.each([
    'cache.amazonaws.com',
    'evilcache.amazonaws.com',
    'node.cache.amazonaws.com.evil.example',
    'sub.exact.example',
    '10.0.0.10',
    'fd00::2',
    'localhost',
    '127.0.0.1',
    '.cache.amazonaws.com',
  ])('does not hold %s', (host) => {
    expect(isAllowed(host)).toBe(false)
  })

  it.each([
    [[]],
    ['.example.com'],
    [['']],
    [['.']],
    [['a:1']],
    [['.10.0.0.1']],
    [['https://a']],
    [[1]],
    [null],
  ])('must be written as one: %j', (entries) => {
    expect(() => allowedHosts('elastiCache', entries as string[])).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message: expect.stringMatching(/^elastiCache: "allowedHosts"/) as string,
      }) as Error,
    )
  })
})
