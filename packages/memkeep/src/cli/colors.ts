import pc from 'picocolors'
import type { CliContext, Sink } from './context.ts'

export type Colors = ReturnType<typeof pc.createColors>

/** Colours for what is written there; off without a terminal, and with NO_COLOR (no-color.org). */
export function colorsFor(sink: Sink, { env }: CliContext): Colors {
  return pc.createColors(sink.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb')
}

/** No colours, wherever it goes. */
export const NO_COLORS: Colors = pc.createColors(false)
