import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeShapes, shapeOf, shapesOf } from './key-shapes.ts'

describe('what the name of a key looks like', () => {
  test.each([
    ['user:alice@example.com', 'email'],
    ['user:alice%40mail.example.co.uk:cart', 'email'],
    ['sms:+4915112345678', 'phone'],
    ['phone:4915112345678', 'phone'],
    ['sess:s3cr3tS3ss10nV4lue', 'token'],
    ['session:550e8400-e29b-41d4-a716-446655440000', 'token'],
    ['laravel_session:9f86d081884c7d659a2feaa0c55ad015', 'token'],
    ['auth:eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'token'],
    ['card:4111111111111111', 'card'],
    ['card:5500-0000-0000-0004', 'card'],
    ['order:550e8400-e29b-41d4-a716-446655440000', 'uuid'],
    ['user:42', 'number'],
    ['1234567890/profile', 'number'],
    // a timestamp in microseconds, an id of 16 digits that is no card
    ['event:1700000000000000', 'number'],
    ['user:4111111111111112', 'number'],
    ['page:9f86d081884c7d659a2feaa0c55ad015', 'hash'],
    ['shop:-4-yS1Zb-3_rQm-7-8-9_0a1b2c3d4e5', 'hash'],
    ['session:user-profile-settings', 'other'],
    ['homepage', 'other'],
    ['v2:feature-flags', 'other'],
    ['user@host', 'other'],
    ['', 'other'],
  ] as const)('%s: %s', (name, shape) => {
    expect(shapeOf(Buffer.from(name))).toBe(shape)
  })

  test('is told in counts, never in names', () => {
    const names = ['a@example.com', 'b@example.com', 'user:1', 'x'].map((name) => Buffer.from(name))
    expect(shapesOf(names)).toMatchObject({ email: 2, number: 1, other: 1, card: 0 })
    expect(describeShapes(names)).toBe('4, of which 2 hold e-mail addresses, 1 holds a number as an id')
    expect(describeShapes([Buffer.from('x')])).toBe('1')
  })

  test('is one of the shapes for any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 250 }), { maxLength: 20 }), (names) => {
        const counts = shapesOf(names.map((name) => Buffer.from(name)))
        expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(names.length)
      }),
    )
  })
})
