import { readOwnOptions } from './options.ts'

/** A file to read a text from, as options name it. */
export interface FileSource {
  readonly file: string
  /** Whether the group of a file with a secret may read it. Default false. */
  readonly allowGroup?: boolean
}

/**
 * Reads a `{ file }` of the options.
 *
 * @param secret whether the file must be private, so that `allowGroup` has a meaning
 * @throws TypeError
 */
export function readFileSource(owner: string, source: unknown, secret: boolean): FileSource {
  const known = secret ? ['file', 'allowGroup'] : ['file']
  const own = readOwnOptions(owner, source as FileSource, known)
  const { file, allowGroup = false } = own as { readonly file?: unknown; readonly allowGroup?: unknown }
  if (typeof file !== 'string' || file === '') throw new TypeError(`${owner}: "file" must be a path`)
  if (typeof allowGroup !== 'boolean') throw new TypeError(`${owner}: "allowGroup" must be true or false`)
  return own
}
