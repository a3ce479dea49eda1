import { MAX_KEY_BYTES } from '@memkeep/core'
import { MAX_VALUE_BYTES } from '../protocol/reply.ts'
import { readInt32, readUint32, readUint64 } from './c-numbers.ts'
import { toBinaryExptime } from './exptime.ts'
import { BAD_FORMAT, ERROR, refusal, TOO_LARGE, type StoreHead, type TextCommand } from './text-command.ts'

/** Bytes that end a value. */
const LINE_END_BYTES = 2
/** The most that memcached reads as a length. */
const MAX_LENGTH = 2 ** 31 - 1 - LINE_END_BYTES

const VERBS: ReadonlyMap<string, StoreHead['verb']> = new Map([
  ['set', 'set'],
  ['add', 'add'],
  ['replace', 'replace'],
  ['append', 'append'],
  ['prepend', 'prepend'],
  // as a set it would delete what there was if the value is too large, which cas does not
  ['cas', 'replace'],
])

/** Reads `<verb> <key> <flags> <exptime> <bytes> [<cas unique>] [noreply]` (`protocol.txt`, "Storage commands"). */
export function parseStore(tokens: readonly string[], noreply: boolean): TextCommand {
  const [name = '', key = '', flagsToken = '', time = '', bytes = '', unique = ''] = tokens
  const verb = VERBS.get(name)
  const flags = readUint32(flagsToken)
  const seconds = readInt32(time)
  const length = readInt32(bytes)
  const cas = name === 'cas' ? readUint64(unique) : 0n
  if (
    verb === undefined ||
    key.length > MAX_KEY_BYTES ||
    flags === undefined ||
    seconds === undefined ||
    length === undefined ||
    cas === undefined ||
    length < 0 ||
    length > MAX_LENGTH
  ) {
    // memcached takes what follows for a command
    return refusal(BAD_FORMAT, noreply)
  }
  if (length >= MAX_VALUE_BYTES) {
    return {
      kind: 'swallow',
      bytes: length + LINE_END_BYTES,
      line: noreply ? '' : TOO_LARGE,
      forget: name === 'set' ? key : undefined,
    }
  }
  const expected = name === 'cas' ? cas : undefined
  const head: StoreHead = { verb, key, flags, exptime: toBinaryExptime(seconds), cas: expected }
  return { kind: 'store', head, length, noreply }
}

/** Refuses a meta set and takes its value along, which would be run as commands else. */
export function swallowMetaSet([, , bytes = '']: readonly string[]): TextCommand {
  const length = readInt32(bytes)
  if (length === undefined || length < 0 || length > MAX_LENGTH) return ERROR
  return { kind: 'swallow', bytes: length + LINE_END_BYTES, line: 'ERROR', forget: undefined }
}
