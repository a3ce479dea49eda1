import { displayBytes } from '@memkeep/core/internal'
import type { Evidence } from './finding.ts'
import type { Frame } from './parse/frame.ts'

/** Characters of an answer that evidence shows. */
const MAX_SHOWN = 160

/** Evidence of a line of text that was sent, and of the first line that came back. */
export function lineEvidence(sent: string, received: Buffer | string): Evidence {
  const text = typeof received === 'string' ? received : received.toString('latin1', 0, MAX_SHOWN * 2)
  return wordedEvidence(sent, text.split(/\r?\n/, 1)[0] ?? '')
}

/** Evidence of a request of the binary protocol, such as `GET`, and of what the server answered. */
export function frameEvidence(sent: string, { status, value }: Pick<Frame, 'status' | 'value'>): Evidence {
  const text = value.length === 0 ? '' : ` ${value.toString('latin1', 0, MAX_SHOWN * 2)}`
  return wordedEvidence(`${sent} (binary)`, `status 0x${status.toString(16).padStart(2, '0')}${text}`)
}

/** Evidence whose answer is told in words, where the answer itself is for nobody to see: names of keys, values. */
export function wordedEvidence(sent: string, received: string): Evidence {
  const clean = (text: string): string => displayBytes(text.replace(/\r?\n$/, ''), MAX_SHOWN)
  const shown = clean(received)
  return { sent: clean(sent), received: shown === '' ? 'nothing' : shown }
}
