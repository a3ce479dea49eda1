import type { Conversation } from '../check.ts'
import { isLine } from '../engine/questions.ts'

/** What memcached says to whoever has not said a password yet (`-Y`). */
export const UNAUTHENTICATED = 'CLIENT_ERROR unauthenticated'

/** No line that memcached answers with is longer; one that is, is none. */
const MAX_LINE_BYTES = 2_048

/** Asks one thing in text; the line that came back, or undefined where none did. */
export async function askLine(conversation: Conversation, command: string): Promise<string | undefined> {
  const { received } = await conversation.ask(`${command}\r\n`, isLine)
  return firstLine(received)
}

/** The first line of what came, without its end; undefined where there is none. */
export function firstLine(received: Buffer): string | undefined {
  const end = received.subarray(0, MAX_LINE_BYTES).indexOf('\n')
  if (end < 0) return undefined
  return received.toString('latin1', 0, received[end - 1] === 0x0d ? end - 1 : end)
}
