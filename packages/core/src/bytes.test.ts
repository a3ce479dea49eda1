import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { asBuffer, describeNoBytes, isOtherBytes } from './bytes.ts'

test('bytes are a Buffer of the same memory, whatever realm they come from', () => {
  const buffer = Buffer.from('abc')
  expect(asBuffer(buffer)).toBe(buffer)
  const array = new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 4)
  const seen = asBuffer(array)
  expect([...(seen ?? [])]).toEqual([1, 2, 3])
  array[0] = 9
  expect(seen?.[0]).toBe(9)
  expect(asBuffer(runInNewContext('new Uint8Array([7])'))).toEqual(Buffer.of(7))
  expect(isOtherBytes(array)).toBe(false)
})

test('other forms of bytes are named with what to pass instead', () => {
  for (const view of [
    new Uint16Array(1),
    new Float64Array(1),
    new Uint8ClampedArray(1),
    new DataView(new ArrayBuffer(1)),
  ]) {
    expect(asBuffer(view)).toBeUndefined()
    expect(isOtherBytes(view)).toBe(true)
    expect(describeNoBytes(view)).toContain('new Uint8Array(view.buffer, view.byteOffset, view.byteLength)')
  }
  for (const buffer of [new ArrayBuffer(1), new SharedArrayBuffer(1)]) {
    expect(asBuffer(buffer)).toBeUndefined()
    expect(isOtherBytes(buffer)).toBe(true)
    expect(describeNoBytes(buffer)).toContain('new Uint8Array(buffer)')
  }
  for (const other of [[1], 'text', 7, undefined]) expect(isOtherBytes(other)).toBe(false)
  expect(describeNoBytes([1])).toBe('an array')
})
