import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { MemkeepError, type MemkeepErrorCode } from './errors.ts'
import { fileErrorCause, quotePath } from './quote-input.ts'

/** How a file is read. */
export interface RegularFileOptions {
  /** The code of every error. */
  readonly code: MemkeepErrorCode
  /** What it holds, for messages: `certificates`. */
  readonly holds: string
}

/** Room for the revocation lists of large authorities. */
const MAX_MIB = 64

/**
 * Reads a file that holds no secret, of at most 64 MiB. A pipe is refused instead of waited for.
 *
 * @throws MemkeepError `options.code`: it cannot be read, is not a regular file, or is too large
 */
export function readRegularFile(path: string, options: RegularFileOptions): Buffer {
  return readChecked(path, options, (stats) => {
    assertSize(path, stats, MAX_MIB, options)
  })
}

/**
 * Reads a regular file after `check` has accepted it: what is checked is what is read, whatever the path leads to
 * by then.
 *
 * @param check throws for a file that must not be read
 * @throws MemkeepError `options.code`
 */
export function readChecked(
  path: string,
  { code, holds }: RegularFileOptions,
  check: (stats: Stats) => void,
): Buffer {
  let descriptor: number | undefined
  try {
    // opening a pipe would wait for its writer
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) {
      throw new MemkeepError(code, `${path} is not a regular file: write ${holds} to a file.`)
    }
    check(stats)
    return readFileSync(descriptor)
  } catch (cause) {
    if (cause instanceof MemkeepError) throw cause
    const { code: reason = 'unknown error' } = cause as { readonly code?: string }
    throw new MemkeepError(
      code,
      `${quotePath(path)} cannot be read (${reason}): check path and permissions.`,
      { cause: fileErrorCause(path, cause) },
    )
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** @throws MemkeepError `options.code` for a file that is larger than that many MiB */
export function assertSize(
  path: string,
  { size }: Stats,
  mebibytes: number,
  { code, holds }: RegularFileOptions,
): void {
  if (size <= mebibytes * 1024 ** 2) return
  throw new MemkeepError(
    code,
    `${path} is larger than ${String(mebibytes)} MiB: it is not a file of ${holds}. Check the path.`,
  )
}
