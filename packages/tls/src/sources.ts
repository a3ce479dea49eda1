import type { FileSource } from '@memkeep/core'
import { quotePath, readPrivateFile, readRegularFile } from '@memkeep/core/internal'
import { materialError } from './material-error.ts'
import { isSecret, type Source, type TlsOptions } from './options.ts'

const NAMES = ['ca', 'cert', 'key', 'pfx', 'crl'] as const
const HOLDS: Readonly<Record<(typeof NAMES)[number], string>> = {
  ca: 'certificates',
  cert: 'a certificate',
  key: 'a private key',
  pfx: 'a private key',
  crl: 'revocation lists',
}

/** What each file held. */
export type FileContents = ReadonlyMap<string, Buffer>

/** A file that the options name. */
export interface SourceFile {
  readonly file: string
  /** What it is used for, for messages. */
  readonly holds: string
  /** Whether one of the options that name it is for a private key. */
  readonly secret: boolean
  readonly allowGroup: boolean
}

/** The files that the options name, each once. */
export function filesOf(options: TlsOptions): readonly SourceFile[] {
  const files = new Map<string, SourceFile>()
  for (const name of NAMES) {
    for (const source of listOf(options[name])) {
      if (!isFile(source)) continue
      const { file, allowGroup = false } = source
      const before = files.get(file)
      // a file with a private key is one, whatever else it is named for
      if (before === undefined || isSecret(name)) {
        files.set(file, { file, holds: HOLDS[name], secret: isSecret(name), allowGroup })
      }
    }
  }
  return [...files.values()]
}

/**
 * Reads files: those with a private key by the policy for secrets.
 *
 * @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL`
 */
export function readFiles(files: readonly SourceFile[]): FileContents {
  return new Map(
    files.map(({ file, holds, secret, allowGroup }) => {
      const options = { code: 'ERR_MEMKEEP_TLS_MATERIAL', holds } as const
      const content = secret
        ? readPrivateFile(file, { ...options, allowGroup })
        : readRegularFile(file, options)
      return [file, content] as const
    }),
  )
}

/** One source or several, or none. */
export function listOf(value: Source | readonly Source[] | undefined): readonly Source[] {
  if (value === undefined) return []
  return Array.isArray(value) ? (value as readonly Source[]) : [value as Source]
}

/** What a source holds. */
export function contentOf(source: Source, contents: FileContents): Buffer {
  if (typeof source === 'string') return Buffer.from(source)
  if (!isFile(source)) return Buffer.from(source.buffer, source.byteOffset, source.byteLength)
  const content = contents.get(source.file)
  if (content === undefined) throw materialError(`The file ${quotePath(source.file)} was not read.`)
  return content
}

/** How a source is named in messages. */
export function nameOf(option: string, source: Source): string {
  return isFile(source) ? `"${option}" (${quotePath(source.file)})` : `"${option}"`
}

function isFile(source: Source): source is FileSource {
  return typeof source === 'object' && !(source instanceof Uint8Array)
}
