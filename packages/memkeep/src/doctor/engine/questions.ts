import {
  BINARY_HEADER_BYTES,
  binaryResponseLength,
  decodeBinaryResponse,
  encodeBinaryRequest,
  type BinaryResponse,
} from '@memkeep/core/internal'
import type { Conversation, Reply } from '../check.ts'

/** Opcodes of the binary protocol (memcached's "Command Opcodes"). */
const VERSION = 0x0b
const STAT = 0x10

/** What a server said to `version`; undefined where it does not answer as memcached does. */
export interface VersionAnswer {
  readonly protocol: 'text' | 'binary'
  /** Undefined where it tells none before a password. */
  readonly version: string | undefined
}

/** Asks for the version, by which a server shows what it is. */
export async function askVersion(
  conversation: Conversation,
  protocol: 'text' | 'binary',
): Promise<{
  readonly answer: VersionAnswer | undefined
  readonly received: Buffer
  readonly reply: Reply
}> {
  const binary = protocol === 'binary'
  const reply = await (binary
    ? conversation.ask(encodeBinaryRequest({ opcode: VERSION }), isBinaryWhole)
    : conversation.ask('version\r\n', isLine))
  const { received, end } = reply
  const answer = binary
    ? end === 'whole'
      ? readBinaryVersion(received)
      : undefined
    : readTextVersion(received)
  return { answer, received, reply }
}

function readBinaryVersion(received: Buffer): VersionAnswer | undefined {
  const answer = decoded(received, 0)
  if (answer === undefined) return undefined
  const version = answer.status === 0 ? readVersion(answer.value.toString('latin1')) : undefined
  return { protocol: 'binary', version }
}

function readTextVersion(received: Buffer): VersionAnswer | undefined {
  const line = /^([^\r\n]{1,200})\r\n/.exec(received.toString('latin1', 0, 202))?.[1]
  if (line === 'CLIENT_ERROR unauthenticated') return { protocol: 'text', version: undefined }
  if (line?.startsWith('VERSION ') !== true) return undefined
  return { protocol: 'text', version: readVersion(line.slice('VERSION '.length)) }
}

/** Asks for statistics of a kind, such as `settings`; undefined where they are not told. */
export async function askStats(
  conversation: Conversation,
  protocol: 'text' | 'binary',
  kind: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  if (protocol === 'binary') {
    const request = encodeBinaryRequest({ opcode: STAT, key: Buffer.from(kind) })
    const { received, end } = await conversation.ask(request, areBinaryStatsWhole)
    return end === 'whole' ? readBinaryStats(received) : undefined
  }
  const reply = await conversation.ask(`stats ${kind}\r\n`, areStatsWhole)
  return readStats(reply)
}

/** Whether a line has come. */
export function isLine(received: Buffer): boolean {
  return received.includes('\n')
}

/** Whether statistics in text have come whole, or the word that there are none. */
export function areStatsWhole(received: Buffer): boolean {
  const text = received.toString('latin1', Math.max(0, received.length - 5))
  return (
    text.endsWith('END\r\n') || (isLine(received) && !received.toString('latin1', 0, 5).startsWith('STAT '))
  )
}

function readStats({ received, end }: Reply): ReadonlyMap<string, string> | undefined {
  const text = received.toString('latin1')
  if (end !== 'whole' || !text.startsWith('STAT ')) return undefined
  return new Map(
    [...text.matchAll(/^STAT (\S+) ?(.*)\r$/gm)].map(([, name = '', value = '']) => [name, value] as const),
  )
}

function isBinaryWhole(received: Buffer): boolean {
  const length = binaryResponseLength(received, 0)
  return length !== undefined && received.length >= length
}

/** Statistics end with a response that is empty, or with one that refuses. */
function areBinaryStatsWhole(received: Buffer): boolean {
  for (let at = 0; ;) {
    const length = binaryResponseLength(received, at)
    if (length === undefined || received.length < at + length) return false
    if (length === BINARY_HEADER_BYTES || received.readUInt16BE(at + 6) !== 0) return true
    at += length
  }
}

function readBinaryStats(received: Buffer): ReadonlyMap<string, string> | undefined {
  const stats = new Map<string, string>()
  for (let at = 0; at + BINARY_HEADER_BYTES <= received.length;) {
    const answer = decoded(received, at)
    if (answer?.status !== 0) return undefined
    const end = at + BINARY_HEADER_BYTES + received.readUInt32BE(at + 8)
    const name = received.toString('latin1', keyStart(received, at), end - answer.value.length)
    if (name !== '') stats.set(name, answer.value.toString('latin1'))
    at = end
  }
  return stats
}

function keyStart(received: Buffer, at: number): number {
  return at + BINARY_HEADER_BYTES + received.readUInt8(at + 4)
}

/** The whole response that starts at `at`; undefined where its lengths contradict each other. */
function decoded(received: Buffer, at: number): BinaryResponse | undefined {
  const length = BINARY_HEADER_BYTES + received.readUInt32BE(at + 8)
  try {
    return decodeBinaryResponse(received, at, length)
  } catch {
    return undefined
  }
}

/** A version as memcached writes it; a server may claim anything. */
function readVersion(text: string): string | undefined {
  return /^[\w.+-]{1,60}/.exec(text.trim())?.[0]
}
