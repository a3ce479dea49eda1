import { findMemcached } from '@memkeep/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Speaker } from '../../test/bridge/speakers.ts'
import { startThreeServers, type ThreeServers } from '../../test/bridge/three-servers.ts'

const K250 = 'k'.repeat(250)
const K251 = 'k'.repeat(251)
const BAD_FORMAT = 'CLIENT_ERROR bad command line format\r\n'
const BAD_TIME = 'CLIENT_ERROR invalid exptime argument\r\n'
const BAD_DELTA = 'CLIENT_ERROR invalid numeric delta argument\r\n'
const BAD_CHUNK = 'CLIENT_ERROR bad data chunk\r\n'
const TOO_LARGE = 'SERVER_ERROR object too large for cache\r\n'
const USAGE = 'CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n'
const NO_NUMBER = 'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n'
const VERSION = `VERSION ${(await findMemcached()).version}\r\n`
const ERROR = 'ERROR\r\n'
const BIG = `2000000\r\n${'x'.repeat(2_000_000)}\r\n`

let servers: ThreeServers

beforeAll(async () => {
  servers = await startThreeServers()
})

afterAll(async () => {
  await servers[Symbol.asyncDispose]()
})

/** What is said, in order, and what is answered. */
const CONVERSATIONS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'lines that are no command': [
    ['\r\n', ERROR],
    ['\n', ERROR],
    [' \r\n', ERROR],
    ['x\r\n', ERROR],
    ['nonsense a b\r\n', ERROR],
    ['GET a\r\n', ERROR],
    ['get\r\n', ERROR],
    ['gets \r\n', ERROR],
    ['gat 0\r\n', 'END\r\n'],
    ['set a 0 0\r\n', ERROR],
    ['set a 0 0 1 noreply more\r\n', ERROR],
    ['cas a 0 0 1\r\n', ERROR],
    ['incr a\r\n', ERROR],
    ['touch a\r\n', ERROR],
    ['delete\r\n', ERROR],
    ['delete a 0 noreply more\r\n', ERROR],
    ['flush_all 1 2 3\r\n', ERROR],
    ['\x80\x01\0\0\r\n', ERROR],
    ['__proto__\r\n', ERROR],
    ['constructor\r\n', ERROR],
  ],
  'keys that are too long': [
    [`set ${K250} 0 0 1\r\nx\r\n`, 'STORED\r\n'],
    [`get ${K250}\r\n`, `VALUE ${K250} 0 1\r\nx\r\nEND\r\n`],
    [`set ${K251} 0 0 7\r\nversion\r\n`, `${BAD_FORMAT}${VERSION}`],
    [`get ${K251}\r\n`, BAD_FORMAT],
    [`get ${K250} ${K251} a\r\n`, BAD_FORMAT],
    [`gat 0 ${K251}\r\n`, BAD_FORMAT],
    [`gat -1 ${K250} ${K251}\r\n`, BAD_FORMAT],
    [`get ${K250}\r\n`, 'END\r\n'],
    [`delete ${K251}\r\n`, BAD_FORMAT],
    [`incr ${K251} x\r\n`, BAD_FORMAT],
    [`touch ${K251} x\r\n`, BAD_FORMAT],
    [`touch ${K251} x noreply\r\n`, ''],
  ],
  'numbers that are none': [
    ['set a x 0 1\r\n', BAD_FORMAT],
    ['set a -1 0 1\r\n', BAD_FORMAT],
    ['set a 0 x 1\r\n', BAD_FORMAT],
    ['set a 0 0 x\r\n', BAD_FORMAT],
    ['set a 0 0 -1\r\n', BAD_FORMAT],
    ['set a 0 0 2147483646\r\n', BAD_FORMAT],
    ['set a 0 0 2147483648\r\n', BAD_FORMAT],
    ['set a 0 0 99999999999999999999\r\n', BAD_FORMAT],
    ['set a 0 0 noreply\r\n', ''],
    ['cas a 0 0 1 x\r\n', BAD_FORMAT],
    ['touch a x\r\n', BAD_TIME],
    ['gat x a\r\n', BAD_TIME],
    ['flush_all x\r\n', BAD_TIME],
    ['flush_all x noreply\r\n', ''],
    ['incr a x\r\n', BAD_DELTA],
    ['incr a -1\r\n', BAD_DELTA],
    ['incr a 18446744073709551616\r\n', BAD_DELTA],
    ['delete a 1\r\n', USAGE],
    ['delete a 0 1\r\n', USAGE],
    ['delete a 1 noreply\r\n', ''],
  ],
  'numbers that are cut to their bits': [
    ['set a 4294967297 0 1\r\nx\r\n', 'STORED\r\n'],
    ['get a\r\n', 'VALUE a 1 1\r\nx\r\nEND\r\n'],
    ['set a 0 0 4294967298\r\nxy\r\n', 'STORED\r\n'],
    ['set a 0 4294967295 2\r\nxy\r\n', 'STORED\r\n'],
    ['get a\r\n', 'END\r\n'],
  ],
  'a length that lies': [
    ['set a 0 0 3\r\nold\r\n', 'STORED\r\n'],
    ['set a 0 0 2\r\nversion\r\n', `${BAD_CHUNK}${ERROR}`],
    ['set a 0 0 8\r\nversion\r\n\n', BAD_CHUNK],
    ['set a 0 0 2\r\nxy\n\n', BAD_CHUNK],
    ['set a 0 0 2 noreply\r\nabcd', ''],
    ['get a\r\n', 'VALUE a 0 3\r\nold\r\nEND\r\n'],
  ],
  'values that look like commands': [
    ['set a 0 0 11\r\nflush_all\r\n\r\n', 'STORED\r\n'],
    ['get a\r\n', 'VALUE a 0 11\r\nflush_all\r\n\r\nEND\r\n'],
    ['set a 0 0 5\r\nEND\r\n\r\n', 'STORED\r\n'],
    ['get a\r\n', 'VALUE a 0 5\r\nEND\r\n\r\nEND\r\n'],
    ['set \x80\x01\xff 0 0 3\r\n\x80\0\n\r\n', 'STORED\r\n'],
    ['get \x80\x01\xff\r\n', 'VALUE \x80\x01\xff 0 3\r\n\x80\0\n\r\nEND\r\n'],
    ['get \x80\x01\xff\0 and more\r\n', 'VALUE \x80\x01\xff 0 3\r\n\x80\0\n\r\nEND\r\n'],
  ],
  'values that are too large': [
    ['set a 0 0 3\r\nold\r\n', 'STORED\r\n'],
    [`add a 0 0 ${BIG}`, TOO_LARGE],
    [`replace a 0 0 ${BIG}`, TOO_LARGE],
    [`append a 0 0 ${BIG}`, TOO_LARGE],
    [`prepend a 0 0 ${BIG}`, TOO_LARGE],
    [`cas a 0 0 ${BIG.replace('\r', ' 1\r')}`, TOO_LARGE],
    ['get a\r\n', 'VALUE a 0 3\r\nold\r\nEND\r\n'],
    [`set a 0 0 ${BIG}`, TOO_LARGE],
    ['get a\r\n', 'END\r\n'],
    ['set a 0 0 3\r\nold\r\n', 'STORED\r\n'],
    [`set a 0 0 ${BIG.replace('\r', ' noreply\r')}`, ''],
    ['get a\r\n', 'END\r\n'],
    [`set a 0 0 1000000\r\n${'x'.repeat(1_000_000)}\r\n`, 'STORED\r\n'],
    [`append a 0 0 100000\r\n${'x'.repeat(100_000)}\r\n`, 'NOT_STORED\r\n'],
    ['get a\r\n', `VALUE a 0 1000000\r\n${'x'.repeat(1_000_000)}\r\nEND\r\n`],
  ],
  counts: [
    ['delete n\r\n', 'NOT_FOUND\r\n'],
    ['incr n 1\r\n', 'NOT_FOUND\r\n'],
    ['get n\r\n', 'END\r\n'],
    ['set n 5 0 3\r\n100\r\n', 'STORED\r\n'],
    ['decr n 1\r\n', '99\r\n'],
    ['get n\r\n', 'VALUE n 5 3\r\n99 \r\nEND\r\n'],
    ['incr n 18446744073709551615\r\n', '98\r\n'],
    ['decr n 99\r\n', '0\r\n'],
    ['incr n 5 noreply\r\n', ''],
    ['incr n 0\r\n', '5\r\n'],
    ['set n 0 0 1\r\nx\r\n', 'STORED\r\n'],
    ['incr n 1\r\n', NO_NUMBER],
    ['incr n 1 noreply\r\n', ''],
  ],
  expiries: [
    ['set e 0 -1 1\r\nx\r\n', 'STORED\r\n'],
    ['get e\r\n', 'END\r\n'],
    ['set e 0 2592001 1\r\nx\r\n', 'STORED\r\n'],
    ['get e\r\n', 'END\r\n'],
    ['set e 0 2592000 1\r\nx\r\n', 'STORED\r\n'],
    ['touch e 0\r\n', 'TOUCHED\r\n'],
    ['gat -5 e e\r\n', 'VALUE e 0 1\r\nx\r\nEND\r\n'],
    ['get e\r\n', 'END\r\n'],
    ['touch e 0\r\n', 'NOT_FOUND\r\n'],
  ],
  cas: [
    ['delete c\r\n', 'NOT_FOUND\r\n'],
    ['cas c 0 0 1 0\r\nx\r\n', 'NOT_FOUND\r\n'],
    ['cas c 0 0 1 1\r\nx\r\n', 'NOT_FOUND\r\n'],
    ['set c 0 0 1\r\nx\r\n', 'STORED\r\n'],
    ['cas c 0 0 1 0\r\ny\r\n', 'EXISTS\r\n'],
    ['cas c 0 0 1 18446744073709551615\r\ny\r\n', 'EXISTS\r\n'],
    ['cas c 0 0 1 1 noreply\r\ny\r\n', ''],
    ['get c\r\n', 'VALUE c 0 1\r\nx\r\nEND\r\n'],
  ],
  'the whole server': [
    ['set f 0 0 1\r\nx\r\n', 'STORED\r\n'],
    ['flush_all 2147483647\r\n', 'OK\r\n'],
    ['flush_all noreply\r\n', ''],
    ['get f\r\n', 'END\r\n'],
    ['flush_all -1\r\n', 'OK\r\n'],
    ['version and more\r\n', VERSION],
    ['stats reset\r\n', 'RESET\r\n'],
    ['stats resetting\r\n', ERROR],
    ['stats nonsense\r\n', ERROR],
    [`stats ${K251}\r\n`, ERROR],
    ['stats detail\r\n', 'CLIENT_ERROR usage: stats detail on|off|dump\r\n'],
    ['stats detail on\r\n', 'OK\r\n'],
    ['set f:1 0 0 1\r\nx\r\n', 'STORED\r\n'],
    ['stats detail dump\r\n', 'PREFIX f get 0 hit 0 set 1 del 0\r\nEND\r\n'],
    ['stats detail off\r\n', 'OK\r\n'],
  ],
}

describe('the exact answers of memcached 1.6.18, which are those of the bridge', () => {
  it.each(Object.entries(CONVERSATIONS))('%s', async (_, conversation) => {
    for (const [said, answer] of conversation) {
      const question = said.slice(0, 100)
      for (const speaker of servers.alike) {
        expect([question, await speaker.ask(said)]).toEqual([question, answer])
      }
    }
  })

  it.each(['', ' settings', ' items', ' slabs'])('the names of stats%s', async (group) => {
    // which classes of items there are depends on the moment
    const namesOf = (answer: string): Set<string> =>
      new Set(answer.split('\r\n').map((line) => line.split(' ', 2).join(' ').replace(/\d+:/, '')))
    for (const speaker of [servers.text, ...servers.bridges]) await speaker.ask('set item 0 0 1\r\nx\r\n')
    const expected = namesOf(await servers.text.ask(`stats${group}\r\n`))
    expect(expected.size).toBeGreaterThan(10)
    for (const bridge of servers.bridges) {
      const answer = await bridge.ask(`stats${group}\r\n`)
      expect(namesOf(answer)).toEqual(expected)
      expect(answer).toMatch(/^(?:STAT [^ \r]+ [^\r]+\r\n)+END\r\n$/)
    }
  })

  it('many lines and values of a get with more keys than memcached reads at once', async () => {
    const keys = Array.from({ length: 3_000 }, (_, index) => `many${String(index)}`)
    const stores = keys
      .filter((_, index) => index % 7 === 0)
      .map((key) => `set ${key} 0 0 ${String(key.length)}\r\n${key}\r\n`)
    const said = `${stores.join('')}get ${keys.join(' ')}\r\ngets none ${keys.join(' ')} none\r\n`
    // servers count their items for themselves
    const heard = async (speaker: Speaker): Promise<string> =>
      (await speaker.ask(said)).replaceAll(/^(VALUE [^ ]+ \d+ \d+) \d+\r$/gm, '$1 cas\r')
    const expected = await heard(servers.text)
    expect(expected.length).toBeGreaterThan(20_000)
    for (const bridge of servers.bridges) expect(await heard(bridge)).toBe(expected)
  })
})

describe('where memcached closes the connection, the bridge does', () => {
  it.each([
    [
      'quit',
      'set q 0 0 1\r\nx\r\nget q\r\nquit\r\nget q\r\n',
      'STORED\r\nVALUE q 0 1\r\nx\r\nEND\r\n<closed>',
    ],
    ['quit with words', 'quit now\r\n', '<closed>'],
    ['a request of a browser', 'POST / HTTP/1.1\r\nHost: x\r\n', '<closed>'],
    ['a line without end', 'x'.repeat(2_049), '<closed>'],
    ['a line of spaces without end', `${' '.repeat(101)}get ${'k '.repeat(1_000)}`, '<closed>'],
  ])('%s', async (_, said, answer) => {
    await using own = await startThreeServers()
    for (const speaker of [own.text, ...own.bridges]) {
      expect(await speaker.ask(said.endsWith('\n') ? said : said + 'x'.repeat(20_000))).toBe(answer)
    }
  })
})

it('flush_all that is forbidden', async () => {
  await using own = await startThreeServers(['-F'])
  for (const speaker of [own.text, ...own.bridges]) {
    expect(await speaker.ask('flush_all\r\n')).toBe('CLIENT_ERROR flush_all not allowed\r\n')
    expect(await speaker.ask('flush_all noreply\r\n')).toBe('')
  }
})
