import { MemkeepError } from '@memkeep/core'
import type { Keyset, KeysetKey } from '@memkeep/encryption'
import { aboutDuration } from '../../keys/duration.ts'

/** A step that comes too early, with how long to wait; another fault as it is. */
export function withWait(error: unknown, from: number, now: Date): unknown {
  if (!(error instanceof MemkeepError) || error.code !== 'ERR_MEMKEEP_UNSAFE_ROTATION') return error
  const wait = from - now.getTime()
  if (!(wait > 0) || !Number.isFinite(wait)) return error
  return new MemkeepError(error.code, `${error.message} That is ${aboutDuration(wait)} from now.`)
}

/** The key of an id; undefined when there is none. */
export function findKey({ keys }: Keyset, id: string): KeysetKey | undefined {
  return keys.find((key) => key.id === id)
}

/** No step can be told from the others: the order was not clear. */
export function unclear(message: string): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_UNSAFE_ROTATION', message)
}

/** A command line for what comes next. */
export function commandLine(step: string, file: string, ...more: readonly string[]): string {
  const path = /^[\w./:@%+-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`
  return ['memkeep keys', step, ...more, '--file', path].join(' ')
}
