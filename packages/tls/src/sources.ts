import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { materialError } from './material-error.ts'
import type { Source, TlsOptions } from './options.ts'

const NAMES = ['ca', 'cert', 'key', 'pfx', 'crl'] as const

/** What each file held. */
export type FileContents = ReadonlyMap<string, Buffer>

/** The files that the options name, each once. */
export function filesOf(options: TlsOptions): readonly string[] {
  const sources = NAMES.flatMap((name) => listOf(options[name]))
  return [...new Set(sources.flatMap((source) => (isFile(source) ? [source.file] : [])))]
}

/**
 * Reads files now, for construction.
 *
 * @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL`
 */
export function readFilesSync(files: readonly string[]): FileContents {
  return new Map(
    files.map((file) => {
      try {
        return [file, readFileSync(file)] as const
      } catch (cause) {
        throw unreadable(file, cause)
      }
    }),
  )
}

/**
 * Reads files.
 *
 * @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL`
 */
export async function readFiles(files: readonly string[]): Promise<FileContents> {
  const contents = await Promise.all(
    files.map(async (file) => {
      try {
        return [file, await readFile(file)] as const
      } catch (cause) {
        throw unreadable(file, cause)
      }
    }),
  )
  return new Map(contents)
}

/** One source or several, or none. */
export function listOf(value: Source | readonly Source[] | undefined): readonly Source[] {
  if (value === undefined) return []
  return Array.isArray(value) ? (value as readonly Source[]) : [value as Source]
}

/** What a source holds. */
export function contentOf(source: Source, contents: FileContents): Buffer {
  if (!isFile(source)) return typeof source === 'string' ? Buffer.from(source) : source
  const content = contents.get(source.file)
  if (content === undefined) throw materialError(`The file ${source.file} was not read.`)
  return content
}

/** How a source is named in messages. */
export function nameOf(option: string, source: Source): string {
  return isFile(source) ? `"${option}" (${source.file})` : `"${option}"`
}

function isFile(source: Source): source is { readonly file: string } {
  return typeof source === 'object' && !Buffer.isBuffer(source)
}

function unreadable(file: string, cause: unknown): Error {
  const { code = 'unknown error' } = cause as { readonly code?: string }
  return materialError(
    `The file ${file} cannot be read (${code}): correct the path, or let this process read it.`,
    cause,
  )
}
