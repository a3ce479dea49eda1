import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { PostureParts } from '../posture.ts'
import type { Role } from './stage.ts'
import type { ContractCache, SealedItem } from './subject.ts'

/** What a promise is shown with. */
export interface Scene {
  readonly names: readonly string[]
  readonly open: (role?: Role) => Promise<ContractCache>
  readonly insider: () => {
    read(name: string): Promise<SealedItem | undefined>
    write(name: string, item: SealedItem): Promise<unknown>
  }
  readonly restart: () => Promise<void>
}

/** Something that every cache keeps. */
export interface Kept {
  readonly name: string
  /** Whether there is something to keep. Default: always. */
  readonly applies?: (parts: PostureParts) => boolean
  /** Whether it takes sealed values. */
  readonly sealed?: boolean
  readonly show: (scene: Scene) => Promise<void>
}

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
/** Keys that would end a command early, or that memcached would not take. */
const INJECTIONS = [
  'a b',
  'a\r\nset victim 0 0 5\r\nwrong',
  'a\nflush_all',
  '\0',
  'k'.repeat(251),
  'a\tb',
  '\u007f',
]
/** Equals no value of the contract. */
const NOTHING = Buffer.from('nothing')
const UNICODE = ['ключ', '鍵', '🔑', 'clé', 'é'.normalize('NFD'), 'é'.normalize('NFC')]

/** What every adapter and the raw client keep, in the order of the table. */
export const PROMISES: readonly Kept[] = [
  kept({
    name: 'stores and reads',
    show: async ({ open }) => {
      const cache = await open()
      await cache.set('stored', Buffer.from('one'))
      await cache.set('stored', Buffer.from('two'))
      expect(await cache.get('stored')).toEqual(Buffer.from('two'))
    },
  }),
  kept({
    name: 'keeps every byte',
    show: async ({ open }) => {
      const cache = await open()
      const value = Buffer.concat([EVERY_BYTE, Buffer.from('\r\nEND\r\nVALUE x 0 1\r\n'), EVERY_BYTE])
      await cache.set('bytes', value)
      expect(await cache.get('bytes')).toEqual(value)
    },
  }),
  kept({
    name: 'keeps an empty value',
    show: async ({ open }) => {
      const cache = await open()
      await cache.set('empty', Buffer.alloc(0))
      expect(await cache.get('empty')).toEqual(Buffer.alloc(0))
    },
  }),
  kept({
    name: 'keeps a value of 1 MiB',
    show: async ({ open }) => {
      const cache = await open()
      const value = randomBytes(1024 ** 2)
      await cache.set('large', value)
      expect((await cache.get('large'))?.equals(value)).toBe(true)
    },
  }),
  kept({
    name: 'misses what is not there',
    show: async ({ open }) => {
      const cache = await open()
      expect(await cache.get('never-stored')).toBeUndefined()
    },
  }),
  kept({
    name: 'ends a value when told',
    show: async ({ open }) => {
      const cache = await open()
      await cache.set('short', Buffer.from('x'), 1)
      await cache.set('long', Buffer.from('x'), 1_000)
      await until(async () => (await cache.get('short')) === undefined)
      expect(await cache.get('long')).toEqual(Buffer.from('x'))
    },
  }),
  kept({
    name: 'gives each of many at once its own answer',
    show: async ({ open }) => {
      const cache = await open()
      const values = Array.from({ length: 500 }, (_, index) => Buffer.from(`${String(index)}:`.repeat(index)))
      await Promise.all(values.map((value, index) => cache.set(`many${String(index)}`, value)))
      const answers = await Promise.all(
        values.map((_, index) =>
          cache.get(index % 5 === 0 ? `absent${String(index)}` : `many${String(index)}`),
        ),
      )
      // compared as bytes: the runner's own comparison of so many takes seconds
      const wrong = answers.findIndex((answer, index) =>
        index % 5 === 0 ? answer !== undefined : values[index]?.equals(answer ?? NOTHING) !== true,
      )
      expect(wrong).toBe(-1)
    },
  }),
  kept({
    name: 'keeps Unicode keys apart',
    show: async ({ open }) => {
      const cache = await open()
      await Promise.all(UNICODE.map((key) => cache.set(key, Buffer.from(key))))
      for (const key of UNICODE) expect(await cache.get(key)).toEqual(Buffer.from(key))
    },
  }),
  kept({
    name: 'lets no key run a command',
    show: async ({ open }) => {
      const cache = await open()
      await cache.set('victim', Buffer.from('right'))
      for (const key of INJECTIONS) {
        try {
          await cache.set(key, Buffer.from(key))
          expect(await cache.get(key)).toEqual(Buffer.from(key))
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_MEMKEEP_INVALID_KEY' })
          await expect(cache.get(key)).rejects.toMatchObject({ code: 'ERR_MEMKEEP_INVALID_KEY' })
        }
      }
      expect(await cache.get('victim')).toEqual(Buffer.from('right'))
    },
  }),
  kept({
    name: 'serves no swapped value',
    sealed: true,
    show: async ({ open, insider, names }) => {
      const [cache, server] = [await open(), insider()]
      await cache.set('mine', Buffer.from('of mine'))
      const mine = names.at(-1) ?? ''
      await cache.set('other', Buffer.from('of other'))
      const other = names.at(-1) ?? ''
      const item = await server.read(mine)
      expect(item?.value.includes('of mine')).toBe(false)
      if (item !== undefined) await server.write(other, item)
      expect(await cache.get('other')).toBeUndefined()
      expect(await cache.get('mine')).toEqual(Buffer.from('of mine'))
    },
  }),
  kept({
    name: 'serves no tampered value',
    sealed: true,
    show: async ({ open, insider, names }) => {
      const [cache, server] = [await open(), insider()]
      await cache.set('tampered', Buffer.from('right'))
      const name = names.at(-1) ?? ''
      const item = await server.read(name)
      if (item === undefined) throw new Error('The server does not have what was stored')
      for (const at of [0, item.value.length >> 1, item.value.length - 1]) {
        const value = Buffer.from(item.value)
        value.writeUInt8(value.readUInt8(at) ^ 1, at)
        await server.write(name, { ...item, value })
        expect(await cache.get('tampered')).toBeUndefined()
      }
      await server.write(name, item)
      expect(await cache.get('tampered')).toEqual(Buffer.from('right'))
    },
  }),
  kept({
    name: 'is refused as a stranger',
    applies: ({ clientCertificate, auth }) => clientCertificate || auth !== 'none',
    show: async ({ open }) => {
      const stranger = await open('stranger')
      await expect(stranger.get('k')).rejects.toThrow()
      await expect(stranger.set('k', Buffer.from('x'))).rejects.toThrow()
    },
  }),
  kept({
    name: 'is refused with a wrong password',
    applies: ({ auth }) => auth !== 'none',
    show: async ({ open }) => {
      const cache = await open('wrong-password')
      await expect(cache.get('k')).rejects.toThrow()
      await expect(cache.set('k', Buffer.from('x'))).rejects.toThrow()
    },
  }),
  kept({
    name: 'goes on after a restart of the server',
    show: async ({ open, restart }) => {
      const cache = await open()
      await cache.set('before', Buffer.from('x'))
      await restart()
      await until(async () => {
        try {
          await cache.set('after', Buffer.from('y'))
          return true
        } catch {
          return false
        }
      })
      expect(await cache.get('after')).toEqual(Buffer.from('y'))
      expect(await cache.get('before')).toBeUndefined()
    },
  }),
]

/** Gives a promise its type. */
function kept(promise: Kept): Kept {
  return promise
}

/** Asks again until it is so; the test's own timeout is the limit. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}
