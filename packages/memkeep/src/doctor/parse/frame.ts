import {
  BINARY_HEADER_BYTES,
  decodeBinaryResponse,
  encodeBinaryRequest,
  type BinaryRequest,
} from '@memkeep/core/internal'
import type { Conversation } from '../check.ts'

/** Opcodes of memcached's binary protocol that the audit knows. */
export const OPCODE = {
  get: 0x00,
  add: 0x02,
  delete: 0x04,
  noop: 0x0a,
  stat: 0x10,
  listMechanisms: 0x20,
  auth: 0x21,
  step: 0x22,
} as const

/** Statuses of memcached's binary protocol that the audit tells apart. */
export const STATUS = {
  success: 0x00,
  notFound: 0x01,
  authError: 0x20,
  authContinue: 0x21,
  unknownCommand: 0x81,
} as const

const RESPONSE_MAGIC = 0x81

/** An answer of the binary protocol. */
export interface Frame {
  readonly opcode: number
  readonly status: number
  readonly value: Buffer
}

/** Asks one thing in the binary protocol; undefined where no whole answer to it came. */
export async function askFrame(
  conversation: Conversation,
  request: BinaryRequest,
): Promise<Frame | undefined> {
  const { received } = await conversation.ask(encodeBinaryRequest(request), isFrame)
  const frame = readFrame(received)
  return frame?.opcode === request.opcode ? frame : undefined
}

/** Whether an answer has come whole, or what came is none. Never throws. */
export function isFrame(received: Buffer): boolean {
  if (received.length > 0 && received[0] !== RESPONSE_MAGIC) return true
  return (
    received.length >= BINARY_HEADER_BYTES &&
    received.length >= BINARY_HEADER_BYTES + received.readUInt32BE(8)
  )
}

/** The answer at the start of what came; undefined where it is none, or is cut off. */
export function readFrame(received: Buffer): Frame | undefined {
  if (received[0] !== RESPONSE_MAGIC || !isFrame(received)) return undefined
  try {
    return decodeBinaryResponse(received, 0, BINARY_HEADER_BYTES + received.readUInt32BE(8))
  } catch {
    // its lengths contradict each other
    return undefined
  }
}
