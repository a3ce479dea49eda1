import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { encryption, Keyring } from './index.ts'

// the design from the primitives: HKDF-SHA-256 of one block, then HMAC
function nameOf(keyText: string, context: string, key: string): string {
  const master = Buffer.from(keyText.slice('memkeep-key-v1:'.length), 'base64url').subarray(0, 32)
  const extracted = createHmac('sha256', Buffer.alloc(0)).update(master).digest()
  const nameKey = createHmac('sha256', extracted)
    .update(`memkeep/v1/key-names/${context}`)
    .update(Buffer.of(1))
    .digest()
  return createHmac('sha256', nameKey).update(key).digest('base64url').slice(0, 32)
}

const keyring = Keyring.generate()
const text = keyring.exportText()

describe('keyNames', () => {
  test('are plain by default', () => {
    expect(encryption({ keyring }).mapKey('user:1')).toBe('user:1')
    expect(encryption({ keyring, keyNames: 'plain' }).mapKey('user:1')).toBe('user:1')
  })

  test('hmac makes a short legal name of any string', () => {
    const layer = encryption({ keyring, keyNames: 'hmac', context: 'shop' })
    for (const key of ['user:1', '', 'with space\r\nand more', '\u{1f511}', 'x'.repeat(10_000)]) {
      expect(layer.mapKey(key)).toBe(nameOf(text, 'shop', key))
      expect(layer.mapKey(key)).toMatch(/^[\w-]{32}$/)
    }
    expect(() => layer.mapKey('\ud800')).toThrow(TypeError)
  })

  test('differ by context and by key', () => {
    const names = [
      encryption({ keyring, keyNames: 'hmac' }),
      encryption({ keyring, keyNames: 'hmac', context: 'shop' }),
      encryption({ keyring: Keyring.generate(), keyNames: 'hmac' }),
    ].map((layer) => layer.mapKey('user:1'))
    expect(new Set(names).size).toBe(3)
  })

  test('have a readable prefix, if it is legal', () => {
    const layer = encryption({ keyring, keyNames: { prefix: 'shop:' } })
    expect(layer.mapKey('user:1')).toBe(`shop:${nameOf(text, '', 'user:1')}`)
    for (const prefix of ['a b', 'x'.repeat(250), '\n']) {
      expect(() => encryption({ keyring, keyNames: { prefix } })).toThrow(
        expect.objectContaining({ code: 'ERR_MEMKEEP_INVALID_KEY' }) as Error,
      )
    }
  })

  test('the logical key is what a value is bound to, not its name', () => {
    const layer = encryption({ keyring, keyNames: 'hmac' })
    const stored = layer.encode({ key: 'user:1', value: Buffer.from('v'), flags: 0 })
    expect(stored.key).toBe('user:1')
    expect(layer.decode({ ...stored, key: layer.mapKey('user:1') })).toBeUndefined()
    expect(layer.decode(stored)?.value.toString()).toBe('v')
  })

  test('stay what they are when another key becomes primary, and are not guessed', () => {
    const newText = Keyring.generate().exportText()
    const rotated = Keyring.fromText(`${newText} ${text}`)
    const pinned = encryption({ keyring: rotated, keyNames: { nameKey: keyring.primaryId } })
    expect(pinned.mapKey('user:1')).toBe(nameOf(text, '', 'user:1'))
    expect(pinned.describe().nameKey).toBe(keyring.primaryId)
    expect(() => encryption({ keyring: rotated, keyNames: 'hmac' })).toThrow(
      expect.objectContaining({
        code: 'ERR_MEMKEEP_INVALID_KEYRING',
        message: expect.stringContaining('nameKey') as string,
      }) as Error,
    )
    expect(() => encryption({ keyring: rotated, keyNames: { nameKey: 'ffffffff' } })).toThrow(
      expect.objectContaining({ code: 'ERR_MEMKEEP_INVALID_KEYRING' }) as Error,
    )
  })

  test('apply to plain keys too', () => {
    const layer = encryption({ keyring, keyNames: 'hmac', plainKeys: () => true })
    expect(layer.mapKey('user:1')).toBe(nameOf(text, '', 'user:1'))
  })
})
