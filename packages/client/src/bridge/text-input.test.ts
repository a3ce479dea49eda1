import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TextInput } from './text-input.ts'

/** What is in a stream: lines, and blocks of bytes whose lengths are known. */
const lineText = fc.stringMatching(/^[ -~\r]{0,40}$/).filter((text) => !text.endsWith('\r'))
const item = fc.oneof(
  lineText,
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
)

/** Takes out what there should be, from pieces of those lengths. */
function takeAll(data: Buffer, items: readonly (string | Buffer)[], lengths: readonly number[]): unknown[] {
  const input = new TextInput()
  const taken: unknown[] = []
  let at = 0
  for (const length of [...lengths, data.length]) {
    input.push(Buffer.from(data.subarray(at, at + length)))
    at += length
    for (let next = items[taken.length]; next !== undefined; next = items[taken.length]) {
      const got = typeof next === 'string' ? input.takeLine() : input.takeBlock(next.length)
      if (got === undefined) break
      taken.push(got === null ? null : Buffer.from(got).toString('latin1'))
    }
    if (at >= data.length) break
  }
  return taken
}

describe('what a client wrote', () => {
  const content = fc.array(item, { maxLength: 12 })
  const write = (items: readonly (string | Buffer)[]): Buffer =>
    Buffer.concat(items.flatMap((each) => (typeof each === 'string' ? [Buffer.from(`${each}\r\n`)] : [each])))
  const said = (items: readonly (string | Buffer)[]): string[] =>
    items.map((each) => {
      const text = each.toString('latin1')
      // an empty line keeps its carriage return, as in memcached
      return typeof each === 'string' && text === '' ? '\r' : text
    })

  it('is the same however it was split', () => {
    fc.assert(
      fc.property(content, fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 }), (items, lengths) => {
        expect(takeAll(write(items), items, lengths)).toEqual(said(items))
      }),
    )
  })

  it('is the same byte by byte', () => {
    fc.assert(
      fc.property(content, (items) => {
        const data = write(items)
        expect(takeAll(data, items, Array.from<number>({ length: data.length }).fill(1))).toEqual(said(items))
      }),
    )
  })

  it.each([
    ['set a', false],
    ['delete a', false],
    ['get a', true],
    ['   gets a', true],
    ['gat 0 a', true],
    ['gats 0 a', true],
    ['getx a', false],
    [`${' '.repeat(101)}get a`, false],
  ])('of %j a line may go on: %s', (start, mayGoOn) => {
    const input = new TextInput()
    const line = `${start} ${'k '.repeat(2_000)}`
    input.push(Buffer.from(line.slice(0, 2_048)))
    expect(input.takeLine()).toBeUndefined()
    input.push(Buffer.from(line.slice(2_048)))
    expect(input.takeLine()).toBe(mayGoOn ? undefined : null)
    if (!mayGoOn) return
    input.push(Buffer.from('end\r\nmore'))
    expect(input.takeLine()).toBe(`${line}end`)
  })

  it.each([
    ['set a', null],
    ['get a', 'get a'],
  ])('of %j a whole line may be longer than memcached reads at once: %j', (start, taken) => {
    const input = new TextInput()
    input.push(Buffer.from(`${start} ${'x'.repeat(16_384)}\r\n`))
    expect(input.takeLine()?.slice(0, 5) ?? null).toBe(taken)
  })

  it('has no line of keys without an end', () => {
    const input = new TextInput()
    let line: string | null | undefined
    let chunks = 0
    input.push(Buffer.from('get '))
    while ((line = input.takeLine()) === undefined && chunks < 1_000) {
      input.push(Buffer.alloc(65_536, 'key '))
      chunks++
    }
    expect(line).toBeNull()
    expect(chunks).toBeLessThanOrEqual(257)
  })

  it('is thrown away where nobody wants it', () => {
    const input = new TextInput()
    input.push(Buffer.from('abcdef\r\n'))
    expect(input.skip(4)).toBe(4)
    expect(input.takeLine()).toBe('ef')
    expect(input.skip(4)).toBe(0)
  })
})
