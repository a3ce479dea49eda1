import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { MemkeepError, type MemkeepErrorCode } from './errors.ts'

/** How a file with secrets is read. */
export interface PrivateFileOptions {
  /** What every fault is reported as. */
  readonly code: MemkeepErrorCode
  /** What it holds, for messages: `keys`. */
  readonly holds: string
  /** Whether its group may read it; undefined where the caller cannot choose. Default: undefined, and it may not. */
  readonly allowGroup?: boolean | undefined
}

const MAX_BYTES = 1024 ** 2
const BY_GROUP = 0o070
const BY_OTHERS = 0o007
const READ_BY_GROUP = 0o040

/**
 * Reads a file with secrets, of at most a MiB, that nobody but this process's user and root can read or change.
 *
 * @throws MemkeepError `options.code`: it cannot be read, is no file, is too large, or is not private
 */
export function readPrivateFile(path: string, options: PrivateFileOptions): string {
  let descriptor: number | undefined
  try {
    // what is checked is what is read, whatever the path leads to by then; a pipe must not hold us up
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    assertPrivate(path, fstatSync(descriptor), options)
    return readFileSync(descriptor, 'utf8')
  } catch (cause) {
    if (cause instanceof MemkeepError) throw cause
    const { code = 'unknown error' } = cause as { readonly code?: string }
    const message = `${path} cannot be read (${code}): check path and permissions.`
    throw new MemkeepError(options.code, message, { cause })
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function assertPrivate(path: string, stats: Stats, { code, holds, allowGroup }: PrivateFileOptions): void {
  const refuse = (why: string): MemkeepError => new MemkeepError(code, `${path} ${why}.`)
  if (!stats.isFile()) throw refuse('is no file')
  if (stats.size > MAX_BYTES) throw refuse(`has more than a MiB: it is no file of ${holds}`)
  // Windows has other permissions, which Node does not tell
  if (process.platform === 'win32') return
  const groups = allowGroup === true
  const open = stats.mode & (groups ? (BY_GROUP & ~READ_BY_GROUP) | BY_OTHERS : BY_GROUP | BY_OTHERS)
  if (open !== 0) {
    const group = allowGroup === false ? ', or set "allowGroup" if its group is to read it' : ''
    throw refuse(
      `holds ${holds}, and others than its owner can read or change it: chmod ${groups ? '640' : '600'} it${group}`,
    )
  }
  const { uid } = stats
  if (uid !== 0 && uid !== process.getuid?.()) {
    throw refuse(`holds ${holds}, and belongs to neither this process's user nor root: chown it`)
  }
}
