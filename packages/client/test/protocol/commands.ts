import { assertKey } from '@memkeep/core'
import fc from 'fast-check'
import type { Command, StoreCommand } from '../../src/protocol/command.ts'

/** A key of each kind that memcached takes: short or at its limit, of characters of 1 to 4 bytes. */
export const key: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
    fc.constantFrom('k', 'à', 'Р', 'ключ', '鍵', '🔑', 'k'.repeat(250), '€'.repeat(83), '🔑'.repeat(62)),
  )
  .filter(isKey)

/** Numbers of 32 bits, their limits often among them. */
export const uint32: fc.Arbitrary<number> = limits(2 ** 32 - 1)
const exptime = limits(2 ** 31 - 1)
export const uint64: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(0n, 2n ** 53n + 1n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
)
export const bytes: fc.Arbitrary<Buffer> = fc
  .uint8Array({ maxLength: 300 })
  .map((array) => Buffer.from(array))

/** Every command that the client can send. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    verb: fc.constant('get' as const),
    key,
    withCas: fc.boolean(),
    exptime: fc.option(exptime, { nil: undefined }),
  }),
  fc.record({
    verb: fc.constantFrom<StoreCommand['verb']>('set', 'add', 'replace', 'append', 'prepend'),
    key,
    value: bytes,
    flags: uint32,
    exptime,
    cas: fc.option(uint64, { nil: undefined }),
  }),
  fc.record({ verb: fc.constantFrom('increment' as const, 'decrement' as const), key, delta: uint64 }),
  fc.record({ verb: fc.constant('delete' as const), key }),
  fc.record({ verb: fc.constant('touch' as const), key, exptime }),
  fc.record({ verb: fc.constant('flush' as const), delay: uint32 }),
  fc.record({
    verb: fc.constant('stats' as const),
    group: fc.constantFrom('', 'settings', 'x'.repeat(32)),
  }),
  fc.constant<Command>({ verb: 'version' }),
)

/** One command of each verb. */
export const EXAMPLES: { readonly [Verb in Command['verb']]: Command & { verb: Verb } } = {
  get: { verb: 'get', key: 'k', withCas: false, exptime: undefined },
  set: store('set'),
  add: store('add'),
  replace: store('replace'),
  append: store('append'),
  prepend: store('prepend'),
  delete: { verb: 'delete', key: 'k' },
  increment: { verb: 'increment', key: 'k', delta: 1n },
  decrement: { verb: 'decrement', key: 'k', delta: 1n },
  touch: { verb: 'touch', key: 'k', exptime: 60 },
  flush: { verb: 'flush', delay: 0 },
  stats: { verb: 'stats', group: '' },
  version: { verb: 'version' },
}

function store<Verb extends StoreCommand['verb']>(verb: Verb): StoreCommand & { verb: Verb } {
  return { verb, key: 'k', value: Buffer.from('x'), flags: 0, exptime: 0, cas: undefined }
}

function limits(max: number): fc.Arbitrary<number> {
  return fc.oneof(fc.constantFrom(0, 9, 10, 2_592_000, max), fc.integer({ min: 0, max }))
}

function isKey(text: string): boolean {
  try {
    assertKey(text)
    return true
  } catch {
    return false
  }
}
