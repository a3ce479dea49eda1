import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isFrame, readFrame } from './frame.ts'

function answer(status: number, text: string): Buffer {
  const frame = Buffer.alloc(24 + text.length)
  frame.writeUInt16BE(0x8100, 0)
  frame.writeUInt16BE(status, 6)
  frame.writeUInt32BE(text.length, 8)
  frame.write(text, 24)
  return frame
}

describe('a binary answer', () => {
  test('is read whole, and is not there before its last byte', () => {
    const whole = answer(1, 'Not found')
    for (let length = 0; length < whole.length; length++) {
      expect(isFrame(whole.subarray(0, length))).toBe(false)
      expect(readFrame(whole.subarray(0, length))).toBeUndefined()
    }
    expect(isFrame(whole)).toBe(true)
    expect(readFrame(whole)).toMatchObject({ opcode: 0, status: 1, value: Buffer.from('Not found') })
  })

  test('is not waited for where something else came', () => {
    expect(isFrame(Buffer.from('ERROR\r\n'))).toBe(true)
    expect(readFrame(Buffer.from('ERROR\r\n'))).toBeUndefined()
  })

  test('whose lengths contradict each other is none', () => {
    const lying = answer(0, 'abc')
    lying.writeUInt16BE(9_999, 2)
    expect(isFrame(lying)).toBe(true)
    expect(readFrame(lying)).toBeUndefined()
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (bytes, begins) => {
        const received = Buffer.concat([Buffer.from(begins ? [0x81] : []), Buffer.from(bytes)])
        isFrame(received)
        readFrame(received)
      }),
    )
  })
})
