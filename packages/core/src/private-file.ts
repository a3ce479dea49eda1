import type { Stats } from 'node:fs'
import { MemkeepError } from './errors.ts'
import { assertSize, readChecked, type RegularFileOptions } from './regular-file.ts'

/** How a file with secrets is read. */
export interface PrivateFileOptions extends RegularFileOptions {
  /** Whether its group may read it; undefined where the caller cannot choose. Default: undefined, and it may not. */
  readonly allowGroup?: boolean | undefined
}

const MAX_MIB = 1
const BY_GROUP = 0o070
const BY_OTHERS = 0o007
const READ_BY_GROUP = 0o040

/**
 * Reads a file with secrets (keys, passwords, private keys), of at most a MiB, that only this process's user and root
 * can read or change. All kinds of secrets are held to this one policy.
 *
 * @throws MemkeepError `options.code`: it cannot be read, is not a regular file, is too large, or is not private
 */
export function readPrivateFile(path: string, options: PrivateFileOptions): Buffer {
  return readChecked(path, options, (stats) => {
    assertSize(path, stats, MAX_MIB, options)
    // Windows has other permissions, which Node does not report
    if (process.platform !== 'win32') assertPrivate(path, stats, options)
  })
}

function assertPrivate(path: string, stats: Stats, { code, holds, allowGroup }: PrivateFileOptions): void {
  const groups = allowGroup === true
  const open = stats.mode & (groups ? (BY_GROUP & ~READ_BY_GROUP) | BY_OTHERS : BY_GROUP | BY_OTHERS)
  if (open !== 0) {
    const group = allowGroup === false ? ', or set "allowGroup" if its group is to read it' : ''
    throw new MemkeepError(
      code,
      `${path} holds ${holds}, and others than its owner can read or change it: chmod ${groups ? '640' : '600'} it${group}.`,
    )
  }
  const { uid } = stats
  if (uid !== 0 && uid !== process.getuid?.()) {
    throw new MemkeepError(
      code,
      `${path} holds ${holds}, and belongs to neither this process's user nor root: chown it.`,
    )
  }
}
