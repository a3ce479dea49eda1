import { describe, expect, it } from 'vitest'
import { Replies, type Answer } from './replies.ts'

const STREAM = Buffer.from(
  'VA 5\r\nhello\r\nHD\r\nEN\r\nVA 0\r\n\r\nVA 6\r\n\r\nVA \r\r\nNS\r\nVA 12\r\nabcdefghijkl\r\n',
)
const ANSWERS = ['hello', true, undefined, '', '\r\nVA \r', undefined, 'abcdefghijkl']

/** What comes of the stream when it arrives in pieces of that many bytes. */
function readInPieces(bytes: number): (string | boolean | undefined)[] {
  const answers: Answer[] = []
  const replies = new Replies((answer) => answers.push(answer))
  for (let at = 0; at < STREAM.length; at += bytes) replies.read(STREAM.subarray(at, at + bytes))
  return answers.map((answer) => (Buffer.isBuffer(answer) ? answer.toString() : answer))
}

describe('Replies', () => {
  it('cuts a stream into its answers, wherever it is broken', () => {
    for (let bytes = 1; bytes <= STREAM.length; bytes++) expect(readInPieces(bytes)).toEqual(ANSWERS)
  })
})
