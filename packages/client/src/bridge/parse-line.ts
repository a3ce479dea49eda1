import { MAX_KEY_BYTES } from '@memkeep/core'
import { readInt32, readUint64 } from './c-numbers.ts'
import { parseStats } from './parse-stats.ts'
import { parseStore, swallowMetaSet } from './parse-store.ts'
import {
  answer,
  BAD_DELTA,
  BAD_EXPTIME,
  BAD_FORMAT,
  ERROR,
  refusal,
  type TextCommand,
} from './text-command.ts'
import { toBinaryExptime } from './exptime.ts'

type Parse = (tokens: readonly string[], noreply: boolean) => TextCommand

/** How many words, its name among them, a command may have, and how they are read. */
interface Rule {
  readonly min: number
  readonly max: number
  readonly parse: Parse
}

/** The words of a line that memcached looks at when it searches for the last one. */
const MAX_TOKENS = 23

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['get', { min: 2, max: Infinity, parse: (tokens) => parseGet(tokens, false) }],
  ['gets', { min: 2, max: Infinity, parse: (tokens) => parseGet(tokens, true) }],
  // the oldest memcached's name for get, which the others still take
  ['bget', { min: 2, max: Infinity, parse: (tokens) => parseGet(tokens, false) }],
  ['gat', { min: 2, max: Infinity, parse: (tokens) => parseGetAndTouch(tokens, false) }],
  ['gats', { min: 2, max: Infinity, parse: (tokens) => parseGetAndTouch(tokens, true) }],
  ['set', { min: 5, max: 6, parse: parseStore }],
  ['add', { min: 5, max: 6, parse: parseStore }],
  ['replace', { min: 5, max: 6, parse: parseStore }],
  ['append', { min: 5, max: 6, parse: parseStore }],
  ['prepend', { min: 5, max: 6, parse: parseStore }],
  ['cas', { min: 6, max: 7, parse: parseStore }],
  ['delete', { min: 2, max: 4, parse: parseDelete }],
  ['incr', { min: 3, max: 4, parse: (tokens, noreply) => parseCount('increment', tokens, noreply) }],
  ['decr', { min: 3, max: 4, parse: (tokens, noreply) => parseCount('decrement', tokens, noreply) }],
  ['touch', { min: 3, max: 4, parse: parseTouch }],
  ['flush_all', { min: 1, max: 3, parse: parseFlush }],
  ['stats', { min: 1, max: Infinity, parse: parseStats }],
  ['version', { min: 1, max: Infinity, parse: () => ({ kind: 'version' }) }],
  ['quit', { min: 1, max: Infinity, parse: () => ({ kind: 'end' }) }],
  // the one command without a counterpart in binary that brings a block of bytes along
  ['ms', { min: 1, max: Infinity, parse: swallowMetaSet }],
])

/**
 * Reads a line as memcached's text protocol does (`protocol.txt`), malformed ones too. What has no counterpart in the
 * binary protocol is a command that the server does not know.
 */
export function parseLine(line: string): TextCommand {
  const end = line.indexOf('\0')
  const tokens = (end < 0 ? line : line.slice(0, end)).split(' ').filter((token) => token !== '')
  const [verb = ''] = tokens
  const rule = RULES.get(verb)
  if (rule === undefined) return isHttp(tokens) ? { kind: 'end' } : ERROR
  if (tokens.length < rule.min || tokens.length > rule.max) return ERROR
  return rule.parse(tokens, tokens.at(-1) === 'noreply')
}

/** Whether a browser was led here: memcached closes the connection, lest a request's body be run as commands. */
function isHttp(tokens: readonly string[]): boolean {
  const [verb = ''] = tokens
  const last = tokens[Math.min(tokens.length, MAX_TOKENS) - 1] ?? ''
  // the commands of these letters are looked up among themselves, and there nothing else is looked at
  return verb.length > 1 && !/^(?:[gsacidt]|m[^]$)/.test(verb) && last.startsWith('HTTP/')
}

function parseGet([, ...keys]: readonly string[], withCas: boolean): TextCommand {
  if (keys.some(isTooLong)) return answer(BAD_FORMAT)
  return { kind: 'get', keys, options: { withCas, exptime: undefined, refusal: undefined } }
}

/** Keys that stand before one that is too long are touched all the same. */
function parseGetAndTouch([, time = '', ...keys]: readonly string[], withCas: boolean): TextCommand {
  const seconds = readInt32(time)
  if (seconds === undefined) return answer(BAD_EXPTIME)
  const tooLong = keys.findIndex(isTooLong)
  return {
    kind: 'get',
    keys: tooLong < 0 ? keys : keys.slice(0, tooLong),
    options: {
      withCas,
      exptime: toBinaryExptime(seconds),
      refusal: tooLong < 0 ? undefined : BAD_FORMAT,
    },
  }
}

/** Old clients send a time of 0 with it. */
function parseDelete(tokens: readonly string[], saysNoreply: boolean): TextCommand {
  const [, key = '', time] = tokens
  const noreply = saysNoreply && tokens.length > 2
  const valid =
    tokens.length === 2 || (tokens.length === 3 ? noreply || time === '0' : noreply && time === '0')
  if (!valid) return refusal(`${BAD_FORMAT}.  Usage: delete <key> [noreply]`, noreply)
  if (isTooLong(key)) return refusal(BAD_FORMAT, noreply)
  return { kind: 'run', command: { verb: 'delete', key }, noreply }
}

function parseCount(
  verb: 'increment' | 'decrement',
  [, key = '', by = '']: readonly string[],
  noreply: boolean,
): TextCommand {
  const delta = readUint64(by)
  if (isTooLong(key)) return refusal(BAD_FORMAT, noreply)
  if (delta === undefined) return refusal(BAD_DELTA, noreply)
  return { kind: 'run', command: { verb, key, delta }, noreply }
}

function parseTouch([, key = '', time = '']: readonly string[], noreply: boolean): TextCommand {
  const seconds = readInt32(time)
  if (isTooLong(key)) return refusal(BAD_FORMAT, noreply)
  if (seconds === undefined) return refusal(BAD_EXPTIME, noreply)
  return { kind: 'run', command: { verb: 'touch', key, exptime: toBinaryExptime(seconds) }, noreply }
}

function parseFlush(tokens: readonly string[], noreply: boolean): TextCommand {
  const [, time = ''] = tokens
  const seconds = tokens.length === (noreply ? 2 : 1) ? 0 : readInt32(time)
  if (seconds === undefined) return refusal(BAD_EXPTIME, noreply)
  // what is past is now, here
  return { kind: 'run', command: { verb: 'flush', delay: Math.max(0, seconds) }, noreply }
}

function isTooLong(key: string): boolean {
  return key.length > MAX_KEY_BYTES
}
