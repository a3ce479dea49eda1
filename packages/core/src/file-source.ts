import { assertOptions } from './options.ts'

/** A file to read a text from, as options name it. */
export interface FileSource {
  readonly file: string
  /** Whether the group of a file with a secret may read it. Default false. */
  readonly allowGroup?: boolean
}

/**
 * Checks a `{ file }` of the options.
 *
 * @param secret whether the file is held to be private, so that `allowGroup` has a meaning
 * @throws TypeError
 */
export function assertFileSource(owner: string, source: unknown, secret: boolean): void {
  assertOptions(owner, source, secret ? ['file', 'allowGroup'] : ['file'])
  const { file, allowGroup = false } = source as { readonly file?: unknown; readonly allowGroup?: unknown }
  if (typeof file !== 'string' || file === '') throw new TypeError(`${owner}: "file" must be a path`)
  if (typeof allowGroup !== 'boolean') throw new TypeError(`${owner}: "allowGroup" must be true or false`)
}
