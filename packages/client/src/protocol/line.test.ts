import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findLineEnd, isValueEnd, readPlainLine } from './line.ts'
import { Reply } from './reply.ts'

const PROTOCOL = expect.objectContaining({ code: 'ERR_MEMKEEP_PROTOCOL' }) as Error
const MAX_LINE_BYTES = 2048

function read(line: string): Reply {
  const reply = new Reply()
  // whatever was there before is gone
  Object.assign(reply, { opaque: 1, key: Buffer.from('k'), flags: 2, cas: 3n, message: 'before' })
  readPlainLine(line, line.length + 2, reply)
  expect(reply).toMatchObject({ opaque: undefined, key: undefined, flags: 0, cas: undefined })
  expect(reply.end).toBe(line.length + 2)
  return reply
}

describe('a line', () => {
  it('ends with the first line feed behind a carriage return', () => {
    expect(findLineEnd(Buffer.from('HD\r\nEN\r\n'), 0)).toBe(3)
    expect(findLineEnd(Buffer.from('HD\r\nEN\r\n'), 4)).toBe(7)
    expect(findLineEnd(Buffer.from('\r\n'), 0)).toBe(1)
    expect(findLineEnd(Buffer.from('a\rb\r\n'), 0)).toBe(4)
  })

  it('has no end while the line feed is not there', () => {
    const line = Buffer.from('SERVER_ERROR x\r\n')
    for (let length = 0; length < line.length; length++)
      expect(findLineEnd(line.subarray(0, length), 0)).toBe(-1)
    expect(findLineEnd(line, 0)).toBe(line.length - 1)
  })

  it.each(['\n', 'HD\n', 'HD\n\r', 'HD\n\r\n', '\n\r\n'])('is none with a line feed alone: %j', (wire) => {
    expect(() => findLineEnd(Buffer.from(wire), 0)).toThrow(PROTOCOL)
    // what stands before belongs to another line
    expect(() => findLineEnd(Buffer.from(`OK\r\n${wire}`), 4)).toThrow(PROTOCOL)
  })

  it('may be 2048 bytes long, and is none when it is longer, however much of it is there', () => {
    const longest = Buffer.from(`${'x'.repeat(MAX_LINE_BYTES - 2)}\r\n`)
    expect(findLineEnd(longest, 0)).toBe(MAX_LINE_BYTES - 1)
    expect(findLineEnd(longest.subarray(0, -1), 0)).toBe(-1)
    const longer = Buffer.from(`OK\r\n${'x'.repeat(MAX_LINE_BYTES - 1)}\r\n`)
    expect(() => findLineEnd(longer, 4)).toThrow(PROTOCOL)
    expect(() => findLineEnd(longer.subarray(0, 4 + MAX_LINE_BYTES), 4)).toThrow(PROTOCOL)
    expect(findLineEnd(longer.subarray(0, 3 + MAX_LINE_BYTES), 4)).toBe(-1)
  })

  it('is found in any bytes, or said to be none', () => {
    const bytes = fc.array(fc.constantFrom(0x0a, 0x0d, 0x20, 0x78, 0xff), { maxLength: 12 })
    fc.assert(
      fc.property(bytes, fc.nat({ max: 4 }), (array, from) => {
        // a line starts where another one ends
        const data = Buffer.concat([Buffer.alloc(from, '\n'), Buffer.from(array)])
        const feed = data.indexOf('\n', from)
        const find = (): number => findLineEnd(data, from)
        if (feed > from && data[feed - 1] === 0x0d) expect(find()).toBe(feed)
        else if (feed < 0) expect(find()).toBe(-1)
        else expect(find).toThrow(PROTOCOL)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the end of a value', () => {
  it('is a carriage return and a line feed', () => {
    expect(isValueEnd(Buffer.from('abc\r\n'), 5)).toBe(true)
    for (const [wire, end] of [
      ['abc\r\n', 4],
      ['abc\n\r', 5],
      ['abcd\n', 5],
      ['abc\r ', 5],
      ['', 0],
    ] as const)
      expect(isValueEnd(Buffer.from(wire), end)).toBe(false)
  })
})

describe('a line that classic text and meta share', () => {
  it.each([
    ['OK', 'done', ''],
    ['END', 'end', ''],
    ['STAT pid 12', 'stat', 'pid 12'],
    ['STAT version 1.6.18 x', 'stat', 'version 1.6.18 x'],
    ['STAT empty ', 'stat', 'empty '],
    ['VERSION 1.6.45', 'version', '1.6.45'],
    ['SERVER_ERROR object too large for cache', 'too-large', 'SERVER_ERROR object too large for cache'],
    ['SERVER_ERROR out of memory storing object', 'error', 'SERVER_ERROR out of memory storing object'],
    ['CLIENT_ERROR bad command line format', 'error', 'CLIENT_ERROR bad command line format'],
    ['CLIENT_ERROR unauthenticated', 'error', 'CLIENT_ERROR unauthenticated'],
    ['ERROR', 'error', 'ERROR'],
    ['ERROR: shutdown not enabled', 'error', 'ERROR: shutdown not enabled'],
    ['SERVER_ERROR', 'error', 'SERVER_ERROR'],
  ])('%j', (line, status, message) => {
    expect(read(line)).toMatchObject({ status, message, value: undefined })
  })

  it.each([
    ...['', ' ', 'OK ', 'ok', 'END ', 'STAT', 'VERSION', 'ERRORS', 'MY ERROR', ' ERROR', 'CLIENT_ERRORS x'],
    ...['__proto__', 'constructor', 'HTTP/1.1 400 Bad Request', '-ERR unknown command', '\0'],
  ])('is none: %j', (line) => {
    expect(() => read(line)).toThrow(PROTOCOL)
  })

  it('is the end of the connection when a value lost its boundary: what follows would be read as commands', () => {
    expect(() => read('CLIENT_ERROR bad data chunk')).toThrow(/boundary/)
  })
})
