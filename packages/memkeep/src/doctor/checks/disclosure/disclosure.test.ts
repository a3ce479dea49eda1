import { MemcachedClient } from '@memkeep/client'
import { findServerFeatures, startFaultServer, startMemcached, type MemcachedServer } from '@memkeep/testkit'
import { describe, expect, test } from 'vitest'
import { startBinaryOnly } from '../../../../test/doctor/binary-only.ts'
import { idsOf, runChecks, type Outcome } from '../../../../test/doctor/run-checks.ts'
import { checkDisclosure } from './index.ts'

const { shutdownSetting } = await findServerFeatures()
/** What a version does not tell. */
const HIDDEN = shutdownSetting ? [] : [expect.stringContaining('(-A): this version does not tell') as string]

/** What no option of memcached ends but one that keeps strangers out. */
const ALWAYS = ['settings-open info', 'stats-open info', 'verbosity-open info']

describe.concurrent('what memcached has options for', () => {
  test.each([
    [[], ['flush-open low', 'key-names-open low', 'watch-open low']],
    [['-F'], ['key-names-open low', 'watch-open low']],
    [['-X'], ['flush-open low', 'watch-open low']],
    [['-W'], ['flush-open low', 'key-names-open low']],
    [
      ['-A'],
      [
        'flush-open low',
        'key-names-open low',
        ...(shutdownSetting ? ['shutdown-open low'] : []),
        'watch-open low',
      ],
    ],
    [['-F', '-X', '-W'], []],
    // the crawler is not there to list keys, cachedump is
    [
      ['-o', 'no_lru_crawler'],
      ['flush-open low', 'key-names-open low', 'watch-open low'],
    ],
  ])('%j', async (args, findings) => {
    await using server = await startMemcached('plain', { args })
    const outcome = await runChecks(server.address, [checkDisclosure])
    expect(idsOf(outcome)).toEqual([...ALWAYS, ...findings].sort())
    expect(outcome.unknowns).toEqual(HIDDEN)
  })

  test.each([
    [[], ['flush-open low', 'settings-open info', 'stats-open info']],
    [
      ['-F', '-A'],
      ['settings-open info', 'stats-open info'],
    ],
  ])('%j, where the binary protocol alone is spoken', async (args, findings) => {
    await using memcached = await startMemcached('plain', { args })
    await using server = await startBinaryOnly(memcached)
    const outcome = await runChecks(server.address, [checkDisclosure])
    expect(idsOf(outcome)).toEqual(findings)
    expect(outcome.unknowns).toEqual([])
  })
})

describe.concurrent('names of keys', () => {
  test('are counted by their shapes, and never shown', async () => {
    await using server = await startMemcached('plain')
    await using client = new MemcachedClient({ servers: server.address })
    const names = Array.from({ length: 60 }, (_, index) => `user:alice${String(index)}@secret.example`)
    await Promise.all(names.map((name) => client.set(name, Buffer.from('a value'))))
    const outcome = await runChecks(server.address, [checkDisclosure])
    const finding = outcome.findings.find(({ id }) => id === 'key-names-open')
    expect(finding?.evidence[0]).toEqual({
      sent: 'lru_crawler metadump hash',
      received: 'names of keys, not shown here: 20, of which 20 hold e-mail addresses',
    })
    const said = JSON.stringify(outcome)
    for (const secret of ['alice', 'secret.example', 'a value']) expect(said).not.toContain(secret)
  })

  test('of a large cache are not read to their end', async () => {
    let answered = 0
    const line = 'key=a exp=-1 la=1 cas=1 fetch=no cls=1 size=61\n'
    await using server = await startFaultServer((socket) =>
      socket.on('data', (data) => {
        const asked = data.toString()
        if (asked === 'version\r\n') socket.write('VERSION 1.6.18\r\n')
        else if (asked === 'stats\r\n') socket.write('STAT pid 1\r\nEND\r\n')
        else if (asked.startsWith('lru_crawler metadump')) {
          const more = (): void => {
            answered++
            if (!socket.destroyed) socket.write(line.repeat(100), () => setImmediate(more))
          }
          more()
        } else socket.write('ERROR\r\n')
      }),
    )
    const { findings } = await runChecks(server.address, [checkDisclosure])
    expect(findings.map(({ id }) => id)).toContain('key-names-open')
    const before = answered
    await new Promise((resolve) => setImmediate(resolve))
    // the connection is closed: what is still in flight is all that comes
    expect(answered - before).toBeLessThan(3)
  })
})

describe.concurrent('what cannot be told from settings', () => {
  const play = (settings: string): Promise<Awaited<ReturnType<typeof startFaultServer>>> =>
    startFaultServer((socket) =>
      socket.on('data', (data) => {
        const asked = data.toString()
        if (asked === 'version\r\n') socket.write('VERSION 1.4.5\r\n')
        else if (asked === 'stats\r\n') socket.write('STAT pid 1\r\nEND\r\n')
        else if (asked === 'stats settings\r\n') socket.write(settings)
        else socket.write('ERROR\r\n')
      }),
    )

  test('is an unknown on a version that tells less', async () => {
    await using server = await play('STAT maxbytes 1\r\nSTAT inter 127.0.0.1\r\nEND\r\n')
    const outcome = await runChecks(server.address, [checkDisclosure])
    expect(idsOf(outcome)).toEqual(ALWAYS)
    expect(outcome.unknowns).toEqual([
      expect.stringContaining('flush_all'),
      expect.stringContaining('end the server'),
    ])
  })

  test('is an unknown where settings are not told at all', async () => {
    await using server = await play('ERROR\r\n')
    const outcome = await runChecks(server.address, [checkDisclosure])
    expect(idsOf(outcome)).toEqual(['stats-open info', 'verbosity-open info'])
    expect(outcome.unknowns).toEqual([expect.stringContaining('settings could not be read')])
  })
})

describe.concurrent('the test key', () => {
  function receivedFor({ findings }: Outcome): readonly string[] | undefined {
    const finding = findings.find(({ id }) => id === 'strangers-write')
    return finding?.evidence.map(({ received }) => received.replace(/doctor-\w+/, 'doctor'))
  }

  /** Everything about a cache that a test key could have changed. */
  async function stateOf(server: MemcachedServer): Promise<unknown> {
    await using client = new MemcachedClient({ servers: server.address })
    const [stats] = (await client.stats()).values()
    if (stats === undefined) throw new Error('there are no statistics')
    return [stats.get('curr_items'), stats.get('bytes'), await client.get('mine')]
  }

  test('is written, read, removed and gone', async () => {
    await using server = await startMemcached('plain')
    await using client = new MemcachedClient({ servers: server.address })
    await client.set('mine', Buffer.from('my own'))
    const before = await stateOf(server)
    const outcome = await runChecks(server.address, [checkDisclosure], { active: true })
    expect(receivedFor(outcome)).toEqual(['STORED', 'VALUE memkeep-doctor 0 46', 'DELETED', 'END'])
    expect(outcome.unknowns).toEqual(HIDDEN)
    expect(await stateOf(server)).toEqual(before)
  })

  test('is written, read, removed and gone over the binary protocol', async () => {
    await using memcached = await startMemcached('plain')
    await using server = await startBinaryOnly(memcached)
    const before = await stateOf(memcached)
    const outcome = await runChecks(server.address, [checkDisclosure], { active: true })
    expect(receivedFor(outcome)).toEqual([
      'status 0x00',
      'status 0x00 a test of memkeep doctor, which ends by itself',
      'status 0x00',
      'status 0x01 Not found',
    ])
    expect(outcome.unknowns).toEqual([])
    expect(await stateOf(memcached)).toEqual(before)
  })

  test('is not written without active, nor where a password is wanted', async () => {
    await using open = await startMemcached('plain')
    const passive = await runChecks(open.address, [checkDisclosure])
    expect(passive.findings.map(({ id }) => id)).not.toContain('strangers-write')
    await using locked = await startMemcached('ascii-auth')
    const active = await runChecks(locked.address, [checkDisclosure], { active: true })
    expect(active.findings).toEqual([])
  })

  test('that may still be there is an unknown that names it, and when it ends', async () => {
    await using server = await startFaultServer((socket) =>
      socket.on('data', (data) => {
        const asked = data.toString()
        const key = /^(?:add|get) (\S+)/.exec(asked)?.[1] ?? ''
        if (asked === 'version\r\n') socket.write('VERSION 1.6.18\r\n')
        else if (asked === 'stats\r\n') socket.write('STAT pid 1\r\nEND\r\n')
        else if (asked.startsWith('add ')) socket.write('STORED\r\n')
        else if (asked.startsWith('get ')) socket.write(`VALUE ${key} 0 46\r\n${'x'.repeat(46)}\r\nEND\r\n`)
        else socket.write('ERROR\r\n')
      }),
    )
    const { findings, unknowns } = await runChecks(server.address, [checkDisclosure], { active: true })
    expect(findings.map(({ id }) => id)).toContain('strangers-write')
    expect(unknowns).toContainEqual(
      expect.stringMatching(/^Whether the test key memkeep-doctor-\w{16} is gone: .*10 s\.$/),
    )
  })
})
