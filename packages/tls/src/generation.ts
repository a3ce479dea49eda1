import { loadMaterial, type Material } from './material.ts'
import type { TlsOptions } from './options.ts'
import { SessionCache } from './session-cache.ts'
import type { FileContents } from './sources.ts'

/** One set of certificates, and the sessions that were made with it. */
export interface Generation {
  /** Counts up from the first. */
  readonly number: number
  readonly contents: FileContents
  readonly material: Material
  readonly sessions: SessionCache
  readonly loadedAt: Date
}

/**
 * The generation after another one, or the first.
 *
 * @throws as {@link loadMaterial}
 */
export function nextGeneration(options: TlsOptions, contents: FileContents, before?: Generation): Generation {
  return {
    number: (before?.number ?? 0) + 1,
    contents,
    material: loadMaterial(options, contents),
    sessions: new SessionCache(),
    loadedAt: new Date(),
  }
}
