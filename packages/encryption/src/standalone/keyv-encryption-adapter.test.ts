import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { detectKeyvEncryption, Keyv } from 'keyv6'
import { expect, test } from 'vitest'
import { encryption, Keyring, KeyvEncryptionAdapter, type EncryptionFailure } from '../index.ts'

const keyring = Keyring.generate()

/** What a Map holds for Keyv. */
type Stored = Map<string, { value: string }>
const textOf = (store: Stored, key: string): string => store.get(key)?.value ?? ''

test('is what Keyv 6 takes for encryption, and gives back every value', async () => {
  const adapter = new KeyvEncryptionAdapter({ keyring, context: 'keyv', algorithm: 'chacha20-poly1305' })
  expect(detectKeyvEncryption(adapter)).toMatchObject({ compatible: true })
  const store: Stored = new Map()
  const keyv = new Keyv({ store, encryption: adapter })
  const values = { text: 'h\u{e4}\u{df}lich', number: 7, list: [1, { deep: true }], empty: '', nothing: null }
  for (const [key, value] of Object.entries(values)) {
    await keyv.set(key, value)
    expect(await keyv.get(key)).toEqual(value)
    expect(textOf(store, key)).toMatch(/^x0s[\w-]+$/)
  }
})

test('what does not open is a miss for Keyv and its error event, and told on the channel', async () => {
  const told: EncryptionFailure[] = []
  const listen = (message: unknown): void => void told.push(message as EncryptionFailure)
  subscribe('memkeep:encryption:failure', listen)
  const store: Stored = new Map()
  const keyv = new Keyv({ store, encryption: new KeyvEncryptionAdapter({ keyring }) })
  const errors: unknown[] = []
  keyv.on('error', (error) => errors.push(error))
  await keyv.set('a', 'private')
  const whole = textOf(store, 'a')
  const foreign = new KeyvEncryptionAdapter({ keyring: Keyring.generate() }).encrypt('x')
  for (const value of ['planted', whole.slice(0, -4), foreign]) {
    store.set('a', { value })
    expect(await keyv.get('a')).toBeUndefined()
  }
  unsubscribe('memkeep:encryption:failure', listen)
  const codes = ['ERR_MEMKEEP_ENVELOPE_FOREIGN', 'ERR_MEMKEEP_DECRYPT_FAILED', 'ERR_MEMKEEP_UNKNOWN_KEY_ID']
  expect(told.map(({ code }) => code)).toEqual(codes)
  expect(errors).toMatchObject(codes.map((code) => ({ code })))
})

test('what it cannot bind: values can be swapped between keys', async () => {
  const store: Stored = new Map()
  const keyv = new Keyv({ store, encryption: new KeyvEncryptionAdapter({ keyring }) })
  await keyv.set('a', 'one')
  await keyv.set('b', 'two')
  store.set('a', { value: textOf(store, 'b') })
  expect(await keyv.get('a')).toBe('two')
})

test('its values do not open through the middleware, nor those of the middleware here', () => {
  const adapter = new KeyvEncryptionAdapter({ keyring, context: 'shop' })
  const layer = encryption({ keyring, context: 'shop' })
  const value = Buffer.from(adapter.encrypt('text'), 'base64url')
  for (const key of ['', 'keyv', 'a']) {
    expect(layer.decode({ key, value, flags: 0 })).toBeUndefined()
    const sealed = layer.encode({ key, value: Buffer.from('text'), flags: 0 }).value
    expect(() => adapter.decrypt(sealed.toString('base64url'))).toThrow(
      expect.objectContaining({ code: 'ERR_MEMKEEP_DECRYPT_FAILED' }) as Error,
    )
  }
})

test('an expiry cannot be bound', () => {
  expect(() => new KeyvEncryptionAdapter({ keyring, bindExpiry: true } as never)).toThrow('bindExpiry')
})
