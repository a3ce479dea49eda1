import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isEnoughOf, readCachedump, readMetadump } from './item-lines.ts'

const METADUMP = [
  'key=a exp=-1 la=1795646922 cas=1 fetch=no cls=1 size=61',
  'key=b%20c%0D%0A exp=1795646982 la=1795646922 cas=2 fetch=yes cls=1 size=66 flags=4',
  'key=%FF exp=1795646982 la=1795646922 cas=3 fetch=no',
  '',
].join('\n')

describe('metadump', () => {
  test('names keys byte for byte, with their end and size', () => {
    expect(readMetadump(Buffer.from(METADUMP))).toEqual([
      { key: Buffer.from('a'), expires: false, bytes: 61 },
      { key: Buffer.from('b c\r\n'), expires: true, bytes: 66 },
      { key: Buffer.from([0xff]), expires: true, bytes: undefined },
    ])
  })

  test('counts no line that is cut off, and none that is no item', () => {
    const received = Buffer.from(`OK\r\n${METADUMP}key=half exp=-1 la=1 cas=1 fetch=no cls=1 si`)
    expect(readMetadump(received)).toHaveLength(3)
    expect(readMetadump(Buffer.from('key= exp=1 size=1\nkey=a b exp=1\nEND\r\n'))).toEqual([])
  })

  test.each([
    ['nothing', '', false],
    ['the word of newer servers that it begins', 'OK\r\n', false],
    ['too few items', METADUMP, false],
    ['the end', `${METADUMP}END\r\n`, true],
    ['more items than are wanted', METADUMP.repeat(2), true],
    ['a refusal', 'ERROR metadump not allowed\r\n', true],
    ['a crawler that is busy', 'BUSY currently processing crawler request\r\n', true],
    ['an empty cache', 'END\r\n', true],
  ])('is enough after %s: %s', (_, received, enough) => {
    expect(isEnoughOf(5)(Buffer.from(received))).toBe(enough)
  })
})

describe('cachedump', () => {
  test('names keys, with their end and size', () => {
    const received = Buffer.from('ITEM b%20c [2 b; 1795646982 s]\r\nITEM a [1 b; 0 s]\r\nEND\r\n')
    expect(readCachedump(received)).toEqual([
      { key: Buffer.from('b%20c'), expires: true, bytes: 2 },
      { key: Buffer.from('a'), expires: false, bytes: 1 },
    ])
  })

  test('leaves out a name that breaks the line', () => {
    expect(readCachedump(Buffer.from('ITEM a b [1 b; 0 s]\r\nITEM a\tb [1 b; 0 s]\r\nEND\r\n'))).toEqual([])
  })
})

test('no answer makes a parser throw', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('key=', 'key=%', 'ITEM ', ' exp=', ' size=', '\n', '\r\n'),
  )
  fc.assert(
    fc.property(fc.array(line), (parts) => {
      const received = Buffer.from(parts.join(''))
      readMetadump(received)
      readCachedump(received)
      isEnoughOf(3)(received)
    }),
  )
})
