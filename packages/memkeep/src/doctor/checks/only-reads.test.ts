import { MemcachedClient } from '@memkeep/client'
import { tcp } from '@memkeep/core'
import { BINARY_HEADER_BYTES } from '@memkeep/core/internal'
import { encryption, Keyring } from '@memkeep/encryption'
import { asciiAuth } from '@memkeep/sasl'
import { startMemcached, startRelay, type MemcachedServer, type Relay } from '@memkeep/testkit'
import { describe, expect, test } from 'vitest'
import { startBinaryOnly } from '../../../test/doctor/binary-only.ts'
import { runChecks } from '../../../test/doctor/run-checks.ts'
import type { ServerAuditOptions } from '../engine/server-audit.ts'
import { checkAuthentication } from './authentication/index.ts'
import { checkData } from './data/index.ts'
import { checkDisclosure } from './disclosure/index.ts'

const CHECKS = [checkAuthentication, checkDisclosure, checkData]

/** All that may be sent without active: every line in text, whole. */
const READS = [
  /^version$/,
  /^mn$/,
  /^(?:get|mg) memkeep-doctor-[\da-f]{16}(?: v)?$/,
  /^mg [^\s]+ (?:b )?v u$/,
  /^stats(?: settings| items)?$/,
  /^stats cachedump \d+ \d+$/,
  /^lru_crawler metadump (?:hash|all)$/,
  // no watcher goes by that name
  /^watch nothing$/,
]
/** In the binary protocol: GET, NOOP, VERSION, STAT, SASL LIST MECHS. */
const READ_OPCODES = [0x00, 0x0a, 0x0b, 0x10, 0x20]
/** What STAT may ask for: `reset` and `detail on` would change the server. */
const READ_STATS = ['', 'settings']

/** What was sent, command by command: lines as they are, frames as `0x10 settings`. */
function commandsOf(sent: Buffer): readonly string[] {
  const commands: string[] = []
  for (let at = 0; at < sent.length;) {
    if (sent[at] === 0x80) {
      const end = at + BINARY_HEADER_BYTES + sent.readUInt32BE(at + 8)
      const key = sent.toString('latin1', at + BINARY_HEADER_BYTES + sent.readUInt8(at + 4), end)
      commands.push(`0x${(sent[at + 1] ?? 0).toString(16).padStart(2, '0')} ${key}`)
      at = end
    } else {
      const end = sent.indexOf('\r\n', at)
      if (end < 0) throw new Error('what was sent does not end with a line')
      commands.push(sent.toString('latin1', at, end))
      at = end + 2
    }
  }
  return commands
}

function isRead(command: string): boolean {
  const [, opcode, key = ''] = /^(0x\w\w) (.*)$/s.exec(command) ?? []
  if (opcode === undefined) return READS.some((read) => read.test(command))
  const code = Number(opcode)
  return READ_OPCODES.includes(code) && (code !== 0x10 || READ_STATS.includes(key))
}

/** Everything that the checks send to a server, with and beside what a friend needs to get in. */
async function record(server: MemcachedServer, options: ServerAuditOptions): Promise<readonly string[]> {
  await using relay = await startRelay(server)
  await recordChecks(relay, relay.address, options)
  return commandsOf(relay.sent())
}

async function recordChecks(relay: Relay, address: string, options: ServerAuditOptions): Promise<void> {
  await runChecks(address, CHECKS, options, () => {
    // what was sent until here was to find out what the server speaks, TLS included
    relay.reset()
  })
}

/** Everything by which a cache can be seen to have changed. */
async function stateOf(server: MemcachedServer): Promise<unknown> {
  await using client = new MemcachedClient({ servers: server.address })
  const [stats] = (await client.stats()).values()
  if (stats === undefined) throw new Error('there are no statistics')
  const counters = ['curr_items', 'bytes', 'cmd_flush', 'cmd_touch', 'evictions', 'expired_unfetched']
  const counted = counters.map((name) => stats.get(name) ?? 'untold')
  expect(counted).not.toContain('untold')
  return [counted, (await client.get('page'))?.toString()]
}

async function fill(server: MemcachedServer, keyring: Keyring): Promise<void> {
  await using plain = new MemcachedClient({ servers: server.address })
  await plain.set('page', Buffer.from('text'))
  await using sealed = new MemcachedClient({ servers: server.address, middleware: [encryption({ keyring })] })
  await sealed.set('sealed', Buffer.from('text'))
}

describe.concurrent('without active', () => {
  test.each([[[]], [['-o', 'no_lru_crawler']], [['-X', '-F', '-A']]])(
    'an open server is sent reads alone: %j',
    async (args) => {
      await using server = await startMemcached('plain', { args })
      const keyring = Keyring.generate()
      await fill(server, keyring)
      const before = await stateOf(server)
      const sent = await record(server, { transport: tcp(), keyring })
      expect(sent.length).toBeGreaterThan(10)
      expect(sent.filter((command) => !isRead(command))).toEqual([])
      expect(await stateOf(server)).toEqual(before)
    },
  )

  test('so is one that speaks the binary protocol alone', async () => {
    await using server = await startMemcached('plain')
    await using relay = await startRelay(server)
    await using binary = await startBinaryOnly(relay)
    await recordChecks(relay, binary.address, {})
    const sent = commandsOf(relay.sent())
    expect(sent.length).toBeGreaterThan(4)
    expect(sent.filter((command) => !isRead(command))).toEqual([])
  })

  test('so is one with SASL', async () => {
    await using server = await startMemcached('sasl', { mechanisms: ['plain', 'scram-sha-256'] })
    const sent = await record(server, {})
    expect(sent.length).toBeGreaterThan(4)
    expect(sent.filter((command) => !isRead(command))).toEqual([])
  })

  test('so is one with ASCII authentication, but for the password of the friend', async () => {
    await using server = await startMemcached('ascii-auth')
    const credentials = server.credentials ?? { username: '', password: '' }
    const sent = await record(server, { transport: tcp(), auth: asciiAuth(credentials) })
    const login = `${credentials.username} ${credentials.password}`
    const others = sent.filter((command) => !isRead(command))
    expect(others.filter((command) => command !== login && !command.startsWith('set '))).toEqual([])
    // one line that announces the password for each that says it
    expect(others.filter((command) => command === login)).toHaveLength(others.length / 2)
    expect(others.length).toBeGreaterThan(0)
  })
})

describe.concurrent('with active', () => {
  test('one key is added and removed, and the cache is as before', async () => {
    await using server = await startMemcached('plain')
    const keyring = Keyring.generate()
    await fill(server, keyring)
    const before = await stateOf(server)
    const sent = await record(server, { transport: tcp(), keyring, active: true })
    const others = sent.filter((command) => !isRead(command))
    expect(others.map((command) => command.replace(/doctor-[\da-f]{16}/, 'doctor'))).toEqual([
      'add memkeep-doctor 0 10 46',
      'a test of memkeep doctor, which ends by itself',
      'delete memkeep-doctor',
    ])
    expect(await stateOf(server)).toEqual(before)
  })
})

test.each([
  ['flush_all'],
  ['shutdown'],
  ['verbosity 1'],
  ['watch fetchers'],
  ['stats reset'],
  ['stats detail on'],
  ['set memkeep-doctor-0123456789abcdef 0 0 1'],
  ['lru_crawler crawl all'],
  ['mg a t T30'],
  ['0x10 reset'],
  ['0x08 '],
  ['0x01 memkeep-doctor-0123456789abcdef'],
])('%s would be noticed', (command) => {
  expect(isRead(command)).toBe(false)
})
