import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_CLUSTER, parseClusterAnswer, parseClusterConfig } from './cluster-config.ts'

const PROTOCOL = expect.objectContaining({ code: 'ERR_MEMKEEP_PROTOCOL' }) as Error
const answer = (body: string, head = 'CONFIG cluster 0'): Buffer =>
  Buffer.from(`${head} ${String(Buffer.byteLength(body))}\r\n${body}\r\nEND\r\n`)

const BODY = '12\n1a.cache.example|10.0.0.1|11211 b.cache.example||11212\n'

describe('the answer of a configuration endpoint', () => {
  it.each(['CONFIG cluster 0', 'VALUE AmazonElastiCache:cluster 0'])('is read under "%s"', (head) => {
    const received = answer(BODY, head)
    expect(parseClusterAnswer(received)).toEqual({ value: BODY, length: received.length })
  })

  it('is incomplete at every byte before its last', () => {
    const received = answer(BODY)
    for (let length = 0; length < received.length; length++)
      expect(parseClusterAnswer(received.subarray(0, length))).toBeUndefined()
  })

  it.each(['ERROR', 'END', 'CLIENT_ERROR x', 'SERVER_ERROR x'])(
    'says with %s that there is no cluster',
    (line) => {
      expect(parseClusterAnswer(Buffer.from(`${line}\r\n`))).toEqual({
        value: NO_CLUSTER,
        length: line.length + 2,
      })
    },
  )

  it.each([
    'VERSION 1',
    'CONFIG cluster 0 x',
    'CONFIG cluster 0 -1',
    'CONFIG cluster 0 2147483648',
    'CONFIG cluster 0 1e3',
    'VALUE other 0 1',
    '',
  ])('is no other line: %s', (line) => {
    expect(() => parseClusterAnswer(Buffer.from(`${line}\r\n`))).toThrow(PROTOCOL)
  })

  it('must be as long as it says', () => {
    expect(() => parseClusterAnswer(Buffer.from('CONFIG cluster 0 1\r\n12\n\r\nEND\r\n'))).toThrow(PROTOCOL)
  })

  it('never ends in another error, whatever is sent', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseClusterAnswer(Buffer.from(bytes))
        } catch (error) {
          expect(error).toEqual(PROTOCOL)
        }
      }),
    )
  })
})

describe('a cluster', () => {
  it('is a version and nodes by their host names, or addresses where they have none', () => {
    expect(parseClusterConfig('7\n1a.example|10.0.0.1|11211 |10.0.0.2|11212 |fd00::1|11213\n')).toEqual({
      version: 7,
      servers: [
        { host: '1a.example', port: 11211 },
        { host: '10.0.0.2', port: 11212 },
        { host: 'fd00::1', port: 11213 },
      ],
    })
  })

  it.each([
    ['no version', 'x\na|1.2.3.4|1\n'],
    ['no nodes', '1\n\n'],
    ['nothing', ''],
    ['a node of two fields', '1\na|1\n'],
    ['a node of four fields', '1\na|b|1|2\n'],
    ['a node without host and address', '1\n||11211\n'],
    ['a port that is none', '1\na|b|70000\n'],
    ['a host that breaks out', '1\na\rb|c|1\n'],
    ['the same node twice', '1\na||1 a||1\n'],
  ])('with %s is refused', (_, body) => {
    expect(() => parseClusterConfig(body)).toThrow(PROTOCOL)
  })
})
