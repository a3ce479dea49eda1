import { MAX_KEY_BYTES } from '@memkeep/core'

/** A question for one value. */
export interface ValueQuestion {
  readonly sent: Buffer
  readonly isWhole: (received: Buffer) => boolean
  /** The value; undefined where it is there no more, or what came is no answer. A view of what was received. */
  readonly read: (received: Buffer) => Buffer | undefined
}

/**
 * Asks for a value by a meta get that leaves the order of the LRU, and whether the item was ever read, as they are.
 * A name that is no plain one is sent in base64: it could end the command and begin another.
 *
 * @returns undefined for a name that memcached cannot be asked for in this way
 */
export function metaQuestion(key: Buffer): ValueQuestion | undefined {
  const name = isPlain(key) ? key : Buffer.from(key.toString('base64'))
  if (key.length === 0 || name.length > MAX_KEY_BYTES) return undefined
  const flags = isPlain(key) ? 'v u' : 'b v u'
  return question(Buffer.concat([Buffer.from('mg '), name, Buffer.from(` ${flags}\r\n`)]), META_HEADER)
}

/** Asks for a value in the way that servers without meta commands have; undefined for a name that is no plain one. */
export function classicQuestion(key: Buffer): ValueQuestion | undefined {
  if (!isPlain(key) || key.length === 0 || key.length > MAX_KEY_BYTES) return undefined
  return question(Buffer.concat([Buffer.from('get '), key, Buffer.from('\r\n')]), CLASSIC_HEADER)
}

const META_HEADER = { pattern: /^VA (\d{1,10})(?: [^\r\n]*)?\r\n/, tail: '\r\n' }
const CLASSIC_HEADER = { pattern: /^VALUE \S+ \d+ (\d{1,10})(?: \d+)?\r\n/, tail: '\r\nEND\r\n' }
/** The longest first line: a name, flags and lengths. */
const MAX_HEADER_BYTES = 512

function question(sent: Buffer, { pattern, tail }: typeof META_HEADER): ValueQuestion {
  const locate = (received: Buffer): { start: number; end: number } | undefined => {
    const header = pattern.exec(received.toString('latin1', 0, MAX_HEADER_BYTES))
    if (header === null) return undefined
    const start = header[0].length
    return { start, end: start + Number(header[1]) }
  }
  return {
    sent,
    isWhole: (received) => {
      const value = locate(received)
      if (value === undefined) return received.includes('\n')
      return received.length >= value.end + tail.length
    },
    read: (received) => {
      const value = locate(received)
      if (value === undefined || received.length !== value.end + tail.length) return undefined
      if (received.toString('latin1', value.end) !== tail) return undefined
      return received.subarray(value.start, value.end)
    },
  }
}

/** Whether a name can stand in a line of text: no space, no control character. */
function isPlain(key: Buffer): boolean {
  return key.every((byte) => byte > 0x20 && byte !== 0x7f)
}
