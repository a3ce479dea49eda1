import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frameEvidence, lineEvidence, wordedEvidence } from './evidence.ts'

describe('evidence', () => {
  test('shows the first line that came back, without line ends', () => {
    expect(lineEvidence('version\r\n', Buffer.from('VERSION 1.6.18\r\nmore\r\n'))).toEqual({
      sent: 'version',
      received: 'VERSION 1.6.18',
    })
  })

  test('shows status and text of a binary answer', () => {
    expect(frameEvidence('GET', { status: 0x20, value: Buffer.from('Auth failure.') })).toEqual({
      sent: 'GET (binary)',
      received: 'status 0x20 Auth failure.',
    })
    expect(frameEvidence('NOOP', { status: 0, value: Buffer.alloc(0) }).received).toBe('status 0x00')
  })

  test('says so where nothing came back', () => {
    expect(lineEvidence('mn', '').received).toBe('nothing')
  })

  test.each([
    ['terminal escapes', Buffer.from('\x1b[2J\x1b]0;owned\x07')],
    ['text that turns around', Buffer.from('\u202egnp.exe\u2066')],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0])],
  ])('makes %s visible', (_, received) => {
    for (const { received: shown } of [
      lineEvidence('version', received),
      wordedEvidence('version', received.toString()),
      frameEvidence('GET', { status: 1, value: received }),
    ]) {
      expect(shown).toMatch(/^[\x20-\x7e]*\\x[\x20-\x7e]*$/)
    }
  })

  test('is the word nothing for a line end alone', () => {
    expect(wordedEvidence('version', '\n').received).toBe('nothing')
    expect(lineEvidence('version', '\r\n').received).toBe('nothing')
  })

  test('is short, printable and of one line, whatever came back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        const received = Buffer.from(bytes)
        for (const { sent, received: shown } of [
          lineEvidence('x', received),
          wordedEvidence('x', received.toString('latin1')),
          frameEvidence('x', { status: 0, value: received }),
        ]) {
          expect(sent).not.toBe('')
          // every byte may have become an escape of four characters
          expect(shown.length).toBeLessThanOrEqual(160 * 4 + 1)
          expect(shown).toMatch(/^[\x20-\x7e]+…?$/)
        }
      }),
    )
  })
})
