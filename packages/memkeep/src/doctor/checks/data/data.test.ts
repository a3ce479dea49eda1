import { randomBytes } from 'node:crypto'
import { MemcachedClient } from '@memkeep/client'
import { tcp } from '@memkeep/core'
import { encodeBinaryRequest } from '@memkeep/core/internal'
import { encryption, Keyring, type EncryptionOptions } from '@memkeep/encryption'
import { asciiAuth, sasl } from '@memkeep/sasl'
import {
  findServerFeatures,
  startFaultServer,
  startMemcached,
  startRelay,
  type MemcachedServer,
} from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { describe, expect, test } from 'vitest'
import { idsOf, runChecks, type Outcome } from '../../../../test/doctor/run-checks.ts'
import { checkData } from './index.ts'

const FRIEND = { transport: tcp() }

interface Seed {
  readonly name: (index: number) => string
  readonly count: number
  readonly value?: string | Buffer
  readonly ttl?: number
  readonly encrypt?: EncryptionOptions
}

async function seed({ address }: Pick<MemcachedServer, 'address'>, seeds: readonly Seed[]): Promise<void> {
  for (const { name, count, value = 'a plain text', ttl = 600_000, encrypt } of seeds) {
    const middleware = encrypt === undefined ? [] : [encryption(encrypt)]
    await using client = new MemcachedClient({ servers: address, middleware })
    const sets = Array.from({ length: count }, (_, index) =>
      client.set(name(index), Buffer.from(value), { ttl }),
    )
    await Promise.all(sets)
  }
}

const page = (index: number): string =>
  `page:${String.fromCharCode(97 + (index % 26)).repeat(1 + Math.floor(index / 26))}`
const other = (index: number): string => `other-${page(index)}`

function fact({ facts }: Outcome, name: string): string | undefined {
  return facts.find((one) => one.name === name)?.value
}

function evidenceOf({ findings }: Outcome, id: string): string | undefined {
  return findings.find((one) => one.id === id)?.evidence[0]?.received
}

describe.concurrent('stored values', () => {
  const keyring = Keyring.generate()

  test('that are all sealed are no finding', async () => {
    await using server = await startMemcached('plain')
    await seed(server, [{ name: page, count: 50, encrypt: { keyring } }])
    const outcome = await runChecks(server.address, [checkData], { ...FRIEND, keyring })
    expect(idsOf(outcome)).toEqual([])
    expect(outcome.unknowns).toEqual([])
    expect(fact(outcome, 'Stored values')).toBe('of 50 sampled: 50 envelopes')
    expect(fact(outcome, 'Keys seen')).toBe(`${keyring.primaryId} (100 %)`)
    expect(fact(outcome, 'Keyring')).toBe('every sealed value is under the primary key')
  })

  test('that are plaintext are counted by what they are, and never shown', async () => {
    await using server = await startMemcached('plain')
    const secret = randomBytes(12).toString('hex')
    await seed(server, [
      { name: page, count: 4, value: `text ${secret}` },
      { name: (index) => `j-${page(index)}`, count: 3, value: JSON.stringify({ note: secret }) },
      { name: (index) => `s-${page(index)}`, count: 2, value: JSON.stringify({ password: secret }) },
      { name: (index) => `c-${page(index)}`, count: 1, value: '42' },
    ])
    const outcome = await runChecks(server.address, [checkData], FRIEND)
    expect(idsOf(outcome)).toEqual(['plaintext-secrets high', 'plaintext-values medium'])
    expect(fact(outcome, 'Stored values')).toBe(
      'of 10 sampled: 3 JSON documents, 4 texts, 1 counter, 2 secrets',
    )
    expect(evidenceOf(outcome, 'plaintext-values')).toBe('9 of 10 (90 %) are plaintext, 0 sealed')
    expect(evidenceOf(outcome, 'plaintext-secrets')).toBe('what looks like 2 passwords or hashes of them')
    expect(outcome.unknowns).toEqual([])
    const said = JSON.stringify(outcome)
    expect(said).not.toContain(secret)
    expect(said).not.toContain('page:')
  })

  test('that are plaintext beside envelopes are a finding of their own', async () => {
    await using server = await startMemcached('plain')
    await seed(server, [
      { name: page, count: 30, encrypt: { keyring } },
      { name: other, count: 10 },
    ])
    const outcome = await runChecks(server.address, [checkData], FRIEND)
    expect(idsOf(outcome)).toEqual(['plaintext-beside-envelopes medium'])
    expect(evidenceOf(outcome, 'plaintext-beside-envelopes')).toBe('10 of 40 (25 %) are plaintext, 30 sealed')
  })

  test('that cannot be told are unknowns, and damaged envelopes are found', async () => {
    await using server = await startMemcached('plain')
    await seed(server, [
      { name: page, count: 2, value: Buffer.from([0xff, 0, 1, 2, 3, 4, 5, 6]) },
      { name: (index) => `large-${page(index)}`, count: 1, value: 'x'.repeat(300_000) },
      { name: (index) => `cut-${page(index)}`, count: 1, value: Buffer.from('c74b01010011', 'hex') },
    ])
    const outcome = await runChecks(server.address, [checkData], FRIEND)
    expect(idsOf(outcome)).toEqual(['broken-envelopes low'])
    expect(outcome.unknowns).toEqual([
      expect.stringContaining('2 of 3 (67 %) values, which are binary'),
      expect.stringContaining('1 of 4 (25 %) values are encrypted: they are too large'),
    ])
  })

  test('of a large cache are sampled', async () => {
    await using server = await startMemcached('plain')
    await seed(server, [{ name: page, count: 3_000 }])
    const outcome = await runChecks(server.address, [checkData], FRIEND)
    expect(fact(outcome, 'Stored values')).toBe('of 100 sampled: 100 texts')
  })

  test('are none in an empty cache', async () => {
    await using server = await startMemcached('plain')
    const outcome = await runChecks(server.address, [checkData], { ...FRIEND, keyring })
    expect(fact(outcome, 'Stored values')).toBe('none: the cache is empty')
    expect(outcome.findings).toEqual([])
    expect(outcome.unknowns).toEqual([expect.stringContaining('no sealed value was in the sample')])
  })
})

describe.concurrent('names of keys', () => {
  test('that are private are counted, and those that are hidden are not', async () => {
    await using server = await startMemcached('plain')
    const keyring = Keyring.generate()
    await seed(server, [
      { name: (index) => `user:u${String(index)}@example.com`, count: 5, encrypt: { keyring } },
      { name: (index) => `sms:+49151123456${String(10 + index)}`, count: 2, encrypt: { keyring } },
      { name: (index) => `sess:s3cr3tS3ss10nV4lue${String(index)}`, count: 3, encrypt: { keyring } },
      { name: (index) => `order:${String(1000 + index)}`, count: 4, encrypt: { keyring }, ttl: 0 },
    ])
    const shown = await runChecks(server.address, [checkData], FRIEND)
    expect(idsOf(shown)).toEqual([
      'ids-in-key-names info',
      'personal-key-names medium',
      'secrets-in-key-names high',
      'values-without-expiry info',
    ])
    expect(evidenceOf(shown, 'personal-key-names')).toBe(
      'of 14 names 5 hold e-mail addresses, 2 hold what look like phone numbers',
    )
    expect(evidenceOf(shown, 'values-without-expiry')).toBe('4 of 14 (29 %) have no expiry')
    expect(JSON.stringify(shown)).not.toMatch(/example\.com|s3cr3t|\+49151/)

    await using hidden = await startMemcached('plain')
    const encrypt = { keyring, keyNames: 'hmac' as const }
    await seed(hidden, [{ name: (index) => `user:u${String(index)}@example.com`, count: 40, encrypt }])
    expect(idsOf(await runChecks(hidden.address, [checkData], FRIEND))).toEqual([])
  })

  test('that would be commands are asked for as names', async () => {
    await using server = await startMemcached('plain')
    await using relay = await startRelay(server)
    await using client = new MemcachedClient({ servers: server.address })
    await client.set('mine', Buffer.from('mine'), { ttl: 600_000 })
    // what whoever writes to the cache may call a key, in base64
    const name = Buffer.from('a\r\nflush_all\r\nset evil 0 0 1\r\nx\r\n')
    const { metaCommands } = await findServerFeatures()
    const line = `ms ${name.toString('base64')} 4 b T600\r\n`
    if (metaCommands) await send(server, `${line}abcd\r\n`)
    // older servers store no such name
    else expect(await send(server, line)).toMatch(/^CLIENT_ERROR/)
    const outcome = await runChecks(relay.address, [checkData], FRIEND)
    expect(fact(outcome, 'Stored values')).toBe(
      metaCommands ? 'of 2 sampled: 2 texts' : 'of 1 sampled: 1 text',
    )
    expect(relay.sent().includes('flush_all')).toBe(false)
    expect((await client.get('mine'))?.toString()).toBe('mine')
    expect(await client.get('evil')).toBeUndefined()
  })
})

describe.concurrent('a keyring', () => {
  const [current, old, unknown] = [Keyring.generate(), Keyring.generate(), Keyring.generate()] as const
  const ring = Keyring.fromText(`${current.exportText()},${old.exportText()}`)

  test.each([
    ['of a rotation under way', [current, old], ['values-under-old-keys info']],
    ['whose old key is not needed', [current], ['unused-keys info']],
    ['whose primary key nobody uses yet', [old], ['unused-keys info', 'values-under-old-keys info']],
    ['that lacks a key', [current, old, unknown], ['unknown-key-ids medium', 'values-under-old-keys info']],
    ['of something else', [unknown], ['unknown-key-ids medium', 'unused-keys info']],
  ])('%s', async (_, writers, findings) => {
    await using server = await startMemcached('plain')
    await seed(
      server,
      writers.map((keyring, place) => ({
        name: (index: number) => `${'x'.repeat(place + 1)}-${page(index)}`,
        count: 10,
        encrypt: { keyring },
      })),
    )
    const outcome = await runChecks(server.address, [checkData], { ...FRIEND, keyring: ring })
    expect(idsOf(outcome)).toEqual(findings)
    for (const { id, detail } of outcome.findings) {
      const expected = {
        'unknown-key-ids': unknown.primaryId,
        'values-under-old-keys': old.primaryId,
        'unused-keys': ring.ids
          .filter((one) => !writers.some(({ primaryId }) => primaryId === one))
          .map((one) => (one === ring.primaryId ? `${one} (primary)` : one))
          .join(', '),
      }[id]
      expect(detail).toBe(expected)
    }
    const said = JSON.stringify(outcome)
    for (const key of ring.exportText().split(',')) expect(said).not.toContain(key)
  })
})

describe.concurrent('what cannot be sampled is an unknown that says why', () => {
  const keyring = Keyring.generate()

  test('for strangers', async () => {
    await using server = await startMemcached('plain')
    const outcome = await runChecks(server.address, [checkData], { keyring })
    expect(outcome.findings).toEqual([])
    expect(outcome.unknowns).toEqual([
      expect.stringContaining('only a friend may look'),
      expect.stringContaining('keyring'),
    ])
  })

  test('where dumps are switched off', async () => {
    await using server = await startMemcached('plain', { args: ['-X'] })
    await seed(server, [{ name: page, count: 1 }])
    const outcome = await runChecks(server.address, [checkData], FRIEND)
    expect(outcome.unknowns).toEqual([expect.stringContaining('-X')])
  })

  test('with SASL, whose servers have no command that lists keys', async () => {
    await using server = await startMemcached('sasl')
    const auth = sasl(server.credentials ?? { username: '', password: '' })
    const outcome = await runChecks(
      server.address,
      [
        checkData,
        async (context) => {
          // the claim itself: what a friend is answered who asks for the list in the binary protocol
          const friend = await context.openAsFriend()
          const statuses: number[] = []
          for (const kind of ['cachedump 1 10', 'metadump all', 'settings']) {
            const request = encodeBinaryRequest({ opcode: 0x10, key: Buffer.from(kind) })
            const reply = await friend?.ask(request, (received) => received.length >= 24)
            statuses.push(reply?.received.readUInt16BE(6) ?? -1)
          }
          return { facts: [{ name: 'statuses', value: statuses.join() }] }
        },
      ],
      { ...FRIEND, auth, keyring },
    )
    expect(fact(outcome, 'statuses')).toBe('1,1,0')
    expect(outcome.unknowns).toEqual([
      expect.stringContaining('the binary protocol, which SASL needs'),
      expect.stringContaining('keyring'),
    ])
  })
})

describe.concurrent('ways to a sample', () => {
  test('lead through TLS and passwords', async () => {
    await using server = await startMemcached('tls+ascii-auth')
    const transport = tls(server.clientTls)
    const auth = asciiAuth(server.credentials ?? { username: '', password: '' })
    await using client = new MemcachedClient({ servers: server.address, transport, auth })
    await client.set('page:a', Buffer.from('text'), { ttl: 600_000 })
    const outcome = await runChecks(server.address, [checkData], { transport, auth })
    expect(idsOf(outcome)).toEqual(['plaintext-values medium'])
  })

  test('lead by cachedump where the crawler is off', async () => {
    await using server = await startMemcached('plain', { args: ['-o', 'no_lru_crawler,no_lru_maintainer'] })
    await seed(server, [
      { name: page, count: 20 },
      { name: other, count: 5, value: 'long '.repeat(500) },
    ])
    const outcome = await runChecks(server.address, [checkData], FRIEND)
    expect(fact(outcome, 'Stored values')).toBe('of 25 sampled: 25 texts')
  })

  test('lead by classic commands on a server without meta commands', async () => {
    await using server = await startFaultServer((socket) =>
      socket.on('data', (data) => {
        const asked = data.toString()
        if (asked === 'version\r\n') socket.write('VERSION 1.4.39\r\n')
        else if (asked === 'lru_crawler metadump hash\r\n') socket.write('BADCLASS invalid class id\r\n')
        else if (asked === 'lru_crawler metadump all\r\n') {
          socket.write('key=old exp=-1 la=1 cas=1 fetch=no\nkey=gone exp=-1 la=1 cas=2 fetch=no\nEND\r\n')
        } else if (asked === 'get old\r\n') socket.write('VALUE old 0 4\r\ntext\r\nEND\r\n')
        else if (asked === 'get gone\r\n') socket.write('END\r\n')
        else socket.write('ERROR\r\n')
      }),
    )
    const outcome = await runChecks(server.address, [checkData], FRIEND)
    expect(fact(outcome, 'Stored values')).toBe('of 1 sampled: 1 text')
    expect(idsOf(outcome)).toEqual(['plaintext-values medium', 'values-without-expiry info'])
  })
})

test('a sample leaves every item as it was: its last use, and whether it was ever read', async () => {
  await using server = await startMemcached('plain')
  await seed(server, [{ name: page, count: 50 }])
  const before = await dump(server)
  await runChecks(server.address, [checkData], FRIEND)
  const after = await dump(server)
  expect(before.filter((line) => line.includes('fetch=no'))).toHaveLength(50)
  expect(after).toEqual(before)
})

/**
 * All items of a server, in an order of ours, since it moves them by itself. Its crawler walks by itself at times too,
 * and is busy then.
 */
async function dump(server: MemcachedServer): Promise<readonly string[]> {
  for (;;) {
    const items = await send(server, 'lru_crawler metadump all\r\n')
    if (!items.startsWith('BUSY ')) return items.split('\n').sort()
  }
}

/** Says something to a server as it stands; what came back. */
async function send({ address }: Pick<MemcachedServer, 'address'>, bytes: string): Promise<string> {
  const channel = await tcp().connect(
    { host: address.split(':')[0] ?? '', port: Number(address.split(':')[1]) },
    { signal: AbortSignal.timeout(5_000) },
  )
  channel.write(bytes)
  let received = ''
  for await (const chunk of channel) {
    received += String(chunk)
    if (/(?:END|HD|BUSY [^\r]*|CLIENT_ERROR [^\r]*)\r\n$/.test(received)) break
  }
  channel.destroy()
  return received
}
