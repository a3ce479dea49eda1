import { createHash, randomBytes } from 'node:crypto'
import { format, inspect } from 'node:util'
import { MemkeepError } from '@memkeep/core'
import { describe, expect, test } from 'vitest'
import { Keyring } from './keyring.ts'

const PREFIX = 'memkeep-key-v1:'

function faultOf(make: () => unknown): MemkeepError {
  try {
    make()
  } catch (error) {
    if (error instanceof MemkeepError) return error
    throw error
  }
  throw new Error('it was taken')
}

function textOf(bytes: Buffer): string {
  const checksum = createHash('sha256').update(PREFIX).update(bytes).digest().subarray(0, 4)
  return PREFIX + Buffer.concat([bytes, checksum]).toString('base64url')
}

describe('the text form', () => {
  test('round trips, one key or several, whatever parts them', () => {
    const texts = Array.from({ length: 3 }, () => Keyring.generate().exportText())
    for (const separator of [',', ' ', '\n', ', ', ' ,\r\n\t']) {
      const keyring = Keyring.fromText(`\n ${texts.join(separator)} ,`)
      expect(keyring.exportText()).toBe(texts.join(','))
      expect(keyring.ids).toEqual(texts.flatMap((text) => Keyring.fromText(text).ids))
      expect(keyring.primaryId).toBe(keyring.ids[0])
    }
  })

  test('is exported as often as asked: the keys are not wiped with it', () => {
    const keyring = Keyring.generate()
    expect(keyring.exportText()).toBe(keyring.exportText())
    expect(keyring.exportText()).toMatch(/^memkeep-key-v1:[A-Za-z0-9_-]{48}$/)
  })

  test('a new key is a new key', () => {
    const ids = Array.from({ length: 50 }, () => Keyring.generate().primaryId)
    expect(new Set(ids).size).toBe(50)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}$/)
  })
})

describe('malformed text', () => {
  const good = textOf(randomBytes(32))
  const other = textOf(Buffer.alloc(32, 0xfb))
  const body = other.slice(PREFIX.length)
  const changed = other.slice(0, -1) + (other.endsWith('A') ? 'B' : 'A')

  test.each([
    ['no prefix', body, 'does not start with'],
    ['another version', other.replace('v1', 'v2'), 'does not start with'],
    ['another case', other.replace('memkeep', 'Memkeep'), 'does not start with'],
    ['a label before it', `KEY=${other}`, 'does not start with'],
    ['nothing after the prefix', PREFIX, '0 characters'],
    ['a cut paste', other.slice(0, -5), '43 characters'],
    ['one character too many', `${other}A`, '49 characters'],
    ['two keys joined', other + other, '111 characters'],
    ['padding', `${other.slice(0, -1)}=`, 'not base64url'],
    ['the base64 alphabet', PREFIX + '+/'.repeat(24), 'not base64url'],
    ['another letter', `${other.slice(0, -1)}\u{e9}`, 'not base64url'],
    ['a quote', `"${other}"`, 'does not start with'],
    ['a changed character', changed, 'checksum'],
    ['exchanged characters', PREFIX + body.slice(0, 4) + 'AB' + body.slice(6), 'checksum'],
  ])('%s', (_, text, reason) => {
    for (const [position, ring] of [text, `${good},${text}`, `${good} ${good} ${text}`].entries()) {
      const fault = faultOf(() => Keyring.fromText(ring))
      expect(fault.code).toBe('ERR_MEMKEEP_INVALID_KEYRING')
      expect(fault.message).toContain(`Key ${String(position + 1)} `)
      expect(fault.message).toContain(reason)
      expect(inspect(fault)).not.toContain(body.slice(0, 8))
      expect(inspect(fault)).not.toContain(good.slice(PREFIX.length, PREFIX.length + 8))
    }
  })

  test('every exchange of one character by another is seen', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    for (let at = PREFIX.length; at < good.length; at++) {
      for (const letter of alphabet) {
        if (letter === good[at]) continue
        expect(() => Keyring.fromText(good.slice(0, at) + letter + good.slice(at + 1))).toThrow('checksum')
      }
    }
  })

  test('nothing at all says how to make a key', () => {
    for (const text of ['', ' \n', ',,']) {
      const fault = faultOf(() => Keyring.fromText(text))
      expect(fault.code).toBe('ERR_MEMKEEP_INVALID_KEYRING')
      expect(fault.message).toContain('Keyring.generate()')
    }
    expect(() => Keyring.fromText(undefined as never)).toThrow(TypeError)
  })

  test('the same key twice is refused, naming both places and the id', () => {
    const fault = faultOf(() => Keyring.fromText(`${other} ${good} ${other}`))
    expect(fault.code).toBe('ERR_MEMKEEP_INVALID_KEYRING')
    expect(fault.message).toContain('Keys 1 and 3')
    expect(fault.message).toContain(Keyring.fromText(other).primaryId)
  })
})

describe('fromEnv', () => {
  const text = Keyring.generate().exportText()

  test('reads MEMKEEP_KEYS, or the variable that it is given', () => {
    expect(Keyring.fromEnv(undefined, { MEMKEEP_KEYS: text }).exportText()).toBe(text)
    expect(Keyring.fromEnv('CACHE_KEYS', { CACHE_KEYS: text }).exportText()).toBe(text)
  })

  test('reads the environment of the process by default', () => {
    process.env['MEMKEEP_TEST_KEYS'] = text
    try {
      expect(Keyring.fromEnv('MEMKEEP_TEST_KEYS').exportText()).toBe(text)
    } finally {
      delete process.env['MEMKEEP_TEST_KEYS']
    }
  })

  test.each([[{}], [{ MEMKEEP_KEYS: '' }], [{ MEMKEEP_KEYS: ' \n' }], [{ MEMKEEP_KEYS: undefined }]])(
    'an unset or empty variable says how to make a key: %j',
    (env) => {
      const fault = faultOf(() => Keyring.fromEnv(undefined, env))
      expect(fault.code).toBe('ERR_MEMKEEP_INVALID_KEYRING')
      expect(fault.message).toContain('MEMKEEP_KEYS')
      expect(fault.message).toContain('Keyring.generate().exportText()')
    },
  )

  test('a malformed key names the variable as well', () => {
    const fault = faultOf(() => Keyring.fromEnv('CACHE_KEYS', { CACHE_KEYS: `${text},${text.slice(0, -1)}` }))
    expect(fault.code).toBe('ERR_MEMKEEP_INVALID_KEYRING')
    expect(fault.message).toMatch(/^CACHE_KEYS: Key 2 .*47 characters/)
  })

  test('a key in the place of the name is not repeated', () => {
    expect(() => Keyring.fromEnv(text, {})).toThrow(
      new TypeError('name must be the name of an environment variable'),
    )
  })
})

test('nothing that prints a keyring shows a key', () => {
  const bytes = randomBytes(32)
  const keyring = Keyring.fromText(`${textOf(bytes)},${Keyring.generate().exportText()}`)
  const [primary, second] = keyring.ids
  expect(String(keyring)).toBe(`Keyring(${String(primary)} primary, ${String(second)})`)
  expect(keyring.describe()).toEqual([
    { id: primary, primary: true },
    { id: second, primary: false },
  ])
  const printed = [
    String(keyring),
    inspect(keyring),
    inspect(keyring, { customInspect: false, showHidden: true, depth: 9, getters: true }),
    inspect({ deep: [keyring] }, { depth: 9 }),
    format('%s %o %O %j', keyring, keyring, keyring, keyring),
    JSON.stringify({ keyring }),
    JSON.stringify(keyring.describe()),
    inspect(structuredClone({ keyring })),
  ].join('\n')
  expect(inspect(keyring)).toContain(primary)
  expect(JSON.parse(JSON.stringify(keyring))).toEqual(keyring.describe())
  for (const encoding of ['hex', 'base64', 'base64url', 'latin1', 'utf8'] as const) {
    // six bytes are enough to tell a leak from chance
    expect(printed).not.toContain(bytes.subarray(0, 6).toString(encoding))
    expect(printed).not.toContain(bytes.subarray(24, 30).toString(encoding))
  }
})
