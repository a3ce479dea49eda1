import fc from 'fast-check'

/** A CAS unique that no item has. */
export const NO_UNIQUE = '18446744073709551615'

const TOO_LONG = 'k'.repeat(251)
/** The keys that the commands are about. */
export const KEYS: readonly string[] = [
  'a',
  'b',
  'c',
  '\xff\x80',
  'a\r',
  'tab\tbed',
  '-',
  'noreply',
  '0',
  'END',
  'k'.repeat(250),
]

// few, so that commands find what others stored
const key = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('a', 'b') }, fc.constantFrom(...KEYS))
const shortKey = key.filter((name) => name.length < 20)
const anyKey = fc.oneof({ weight: 20, arbitrary: key }, { weight: 1, arbitrary: fc.constant(TOO_LONG) })

/** Numbers as they are, at their limits, and as they should not be. */
const number = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('0', '1', '7', '100', '4294967295', '18446744073709551615') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...['-1', '+1', '-0', '00', '1x', 'x', '1\t2', '\t1', '1\r', '0x10', '1.5', '', '--1', '+', '１'],
      ...['4294967296', '4294967297', '-4294967295', '9223372036854775807', '9223372036854775808'],
      ...['-9223372036854775808', '-9223372036854775809', '18446744073709551616', '-18446744073709551615'],
      '9'.repeat(60),
    ),
  },
)
/** Expiries that are never, at once, or far off: none that ends while a test looks. */
const exptime = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('0', '0', '0', '0', '-1', '1000', '2592000', '2592001', '2147483647'),
  },
  { weight: 1, arbitrary: fc.constantFrom('x', '', '-2147483648', '4294968296', '-4294966296', '1000y') },
)
/** CAS uniques: that which the client has seen, and some that no item has. */
const unique = fc.constantFrom('<cas>', '<cas>', '0', NO_UNIQUE, '-1', 'x', '', '18446744073709551616')
const noreply = fc.constantFrom('', '', '', ' noreply', ' norepl', ' noreply noreply')
const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', ' \r\n', '\0junk\r\n')
const value = fc
  .oneof(
    fc.constantFrom(
      '',
      '1',
      '18446744073709551615',
      ' 5',
      '5 ',
      '-1',
      'x',
      '\r\n.',
      'set a 0 0 1\r\n1\r\n',
      'END\r\n',
    ),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    // of short lines, since memcached closes the connection at a long one, if it comes in pieces
    fc.integer({ min: 1000, max: 40_000 }).map((length) => 'long\n'.repeat(length).slice(0, length)),
  )
  // to count with nothing but spaces memcached reads on behind the value
  .filter((text) => text === '' || /[^\t-\r ]/.test(text))

interface Store {
  readonly verb: string
  readonly name: string
  readonly flags: string
  readonly time: string
  readonly body: string
  readonly quiet: string
  readonly end: string
  readonly unique: string
  readonly lie: number
}

const honest = fc.constant(0)
/** By how many bytes a length is wrong; {@link TAIL} makes up for it. */
const lie = fc.oneof({ weight: 12, arbitrary: honest }, fc.integer({ min: -5, max: 300 }))

const storeWith = (lies: fc.Arbitrary<number>): fc.Arbitrary<string> =>
  fc
    .record<Store>({
      verb: fc.constantFrom('set', 'set', 'add', 'replace', 'append', 'prepend', 'cas'),
      name: anyKey,
      flags: number,
      time: exptime,
      body: value,
      quiet: noreply,
      end: lineEnd,
      unique,
      lie: lies,
    })
    .map(({ verb, name, flags, time, body, quiet, end, unique, lie }) => {
      const length = String(Math.max(0, body.length + lie))
      const compared = verb === 'cas' ? ` ${unique}` : ''
      return `${verb} ${name} ${flags} ${time} ${length}${compared}${quiet}${end}${body}\r\n`
    })

const words = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((each) => each.join(''))
const word = (text: string): fc.Arbitrary<string> => fc.constant(text)
const space = word(' ')

/** Commands of one line; keys that are too long are not among those of a get. */
const line = fc.oneof(
  words(fc.constantFrom('get ', 'gets ', 'bget '), key, lineEnd),
  words(
    fc.constantFrom('get ', 'gets '),
    // together shorter than a line that memcached closes the connection at: a length that lies may take its start
    fc.array(shortKey, { maxLength: 30 }).map((keys) => keys.join(' ')),
    lineEnd,
  ),
  words(fc.constantFrom('gat ', 'gats '), exptime, space, key, space, key, lineEnd),
  words(fc.constantFrom('incr ', 'decr '), anyKey, space, number, noreply, lineEnd),
  words(word('delete '), anyKey, fc.constantFrom('', ' 0', ' 1', ' 0 0'), noreply, lineEnd),
  words(word('touch '), anyKey, space, exptime, noreply, lineEnd),
  words(fc.constantFrom('', 'x', 'set', 'get', 'cas', 'gat', 'incr a', 'noreply', 'GET a', ' '), lineEnd),
  words(
    fc.stringMatching(/^[ -~]{0,20}$/).map((text) => `?${text}`),
    lineEnd,
  ),
)

/** A text command of any kind, sound or not; `<cas>` stands for a CAS unique that the client has seen. */
export const textCommand: fc.Arbitrary<string> = commandWith(honest)

// a key of that name later versions take for the word
const soundKey = key.filter((name) => name !== 'noreply')
const shortSoundKey = soundKey.filter((name) => name.length < 20)

/** Sound ones alone, which every version of memcached takes alike. */
export const soundCommand: fc.Arbitrary<string> = fc.oneof(
  fc
    .record({
      verb: fc.constantFrom('set', 'add', 'replace', 'append', 'prepend', 'cas'),
      name: soundKey,
      flags: fc.constantFrom('0', '1', '4294967295'),
      time: fc.constantFrom('0', '0', '-1', '1000'),
      body: value,
      quiet: fc.constantFrom('', '', ' noreply'),
    })
    .map(({ verb, name, flags, time, body, quiet }) => {
      const compared = verb === 'cas' ? ' <cas>' : ''
      return `${verb} ${name} ${flags} ${time} ${String(body.length)}${compared}${quiet}\r\n${body}\r\n`
    }),
  words(
    fc.constantFrom('get ', 'gets '),
    fc.array(shortSoundKey, { minLength: 1, maxLength: 30 }).map((keys) => keys.join(' ')),
    word('\r\n'),
  ),
  words(
    fc.constantFrom('incr ', 'decr '),
    key,
    fc.constantFrom(' 1', ' 100', ' 18446744073709551615'),
    word('\r\n'),
  ),
  words(word('delete '), soundKey, fc.constantFrom('', ' noreply'), word('\r\n')),
  words(word('touch '), soundKey, fc.constantFrom(' 0', ' -1', ' 1000'), word('\r\n')),
)

/** The same, where the length of a value may lie. */
export const lyingCommand: fc.Arbitrary<string> = commandWith(lie)

/** Reads what there is under all keys. */
export const READ_ALL: string = ['get', ...KEYS, 'end\r\n'].join(' ')

/** What follows a sequence of those, so that a length that lies takes nothing of what comes behind. */
export const TAIL: string = Buffer.alloc(400, 0x0a).toString()

function commandWith(lies: fc.Arbitrary<number>): fc.Arbitrary<string> {
  return fc.oneof({ weight: 3, arbitrary: storeWith(lies) }, { weight: 4, arbitrary: line })
}
