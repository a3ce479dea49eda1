import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseClusterAnswer, parseClusterConfig, type ClusterHead } from './cluster-config.ts'

const PROTOCOL = expect.objectContaining({ code: 'ERR_MEMKEEP_PROTOCOL' }) as Error
const CONFIG: ClusterHead = 'CONFIG cluster'
const LEGACY: ClusterHead = 'VALUE AmazonElastiCache:cluster'
const answer = (body: string, head: ClusterHead = CONFIG): Buffer =>
  Buffer.from(`${head} 0 ${String(Buffer.byteLength(body))}\r\n${body}\r\nEND\r\n`)

const BODY = '12\n1a.cache.example|10.0.0.1|11211 b.cache.example||11212\n'

describe('the answer of a configuration endpoint', () => {
  it.each([CONFIG, LEGACY])('is read under "%s"', (head) => {
    const received = answer(BODY, head)
    expect(parseClusterAnswer(received, head)).toEqual({ value: { body: BODY }, length: received.length })
    expect(() => parseClusterAnswer(received, head === CONFIG ? LEGACY : CONFIG)).toThrow(PROTOCOL)
  })

  it('is incomplete at every byte before its last', () => {
    const received = answer(BODY)
    for (let length = 0; length < received.length; length++)
      expect(parseClusterAnswer(received.subarray(0, length), CONFIG)).toBeUndefined()
  })

  it.each(['ERROR', 'END', 'CLIENT_ERROR x', 'SERVER_ERROR x'])('may be a refusal: %s', (line) => {
    expect(parseClusterAnswer(Buffer.from(`${line}\r\n`), CONFIG)).toEqual({
      value: { refusal: line },
      length: line.length + 2,
    })
  })

  it.each([
    'VERSION 1',
    'CONFIG cluster 0 x',
    'CONFIG cluster 0 -1',
    'CONFIG cluster 0 2147483648',
    'CONFIG cluster 0 60001',
    'CONFIG clusters 0 1',
    'CONFIG cluster 0 1e3',
    'VALUE other 0 1',
    '',
  ])('is no other line: %s', (line) => {
    expect(() => parseClusterAnswer(Buffer.from(`${line}\r\n`), CONFIG)).toThrow(PROTOCOL)
  })

  it('must be as long as it says', () => {
    expect(() => parseClusterAnswer(Buffer.from('CONFIG cluster 0 1\r\n12\n\r\nEND\r\n'), CONFIG)).toThrow(
      PROTOCOL,
    )
  })

  it('gives back every cluster that was written, whatever its nodes', () => {
    const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?\.[a-z]{2,5}$/)
    const node = fc.record({
      host: fc.option(name, { nil: '' }),
      address: fc.oneof(fc.ipV4(), fc.ipV6()),
      port: fc.integer({ min: 1, max: 65_535 }),
    })
    const cluster = fc.record({
      version: fc.nat(),
      nodes: fc.uniqueArray(node, {
        minLength: 1,
        maxLength: 60,
        selector: ({ host, address, port }) => `${host || address}|${String(port)}`,
      }),
      heads: fc.constantFrom(CONFIG, LEGACY),
      cut: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    })
    fc.assert(
      fc.property(cluster, ({ version, nodes, heads, cut }) => {
        const written = nodes.map(({ host, address, port }) => [host, address, String(port)].join('|'))
        const body = `${String(version)}\n${written.join(' ')}\n`
        const received = answer(body, heads)
        const some = received.subarray(0, Math.floor(cut * received.length))
        expect(parseClusterAnswer(some, heads)).toBeUndefined()
        expect(parseClusterAnswer(received, heads)).toEqual({ value: { body }, length: received.length })
        expect(parseClusterConfig(body)).toEqual({
          version,
          servers: nodes.map(({ host, address, port }) => ({ host: host || address, port })),
        })
      }),
    )
  })

  it('never ends in another error, whatever is sent or changed', () => {
    const bytes = fc.uint8Array({ maxLength: 200 })
    const changed = fc.record({ at: fc.nat(answer(BODY).length - 1), to: fc.nat(255) })
    const anything = fc.oneof(
      bytes.map((sent) => Buffer.from(sent)),
      fc.array(changed, { minLength: 1, maxLength: 4 }).map((changes) => {
        const sent = answer(BODY)
        for (const { at, to } of changes) sent[at] = to
        return sent
      }),
    )
    fc.assert(
      fc.property(anything, (sent) => {
        try {
          const parsed = parseClusterAnswer(sent, CONFIG)?.value
          if (parsed !== undefined && 'body' in parsed) parseClusterConfig(parsed.body)
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
