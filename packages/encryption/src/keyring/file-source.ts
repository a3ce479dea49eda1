import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { MemkeepError } from '@memkeep/core'
import { invalidKeyring } from './invalid-keyring.ts'
import { parseKeys } from './parse-keys.ts'
import type { Ring } from './ring.ts'

/** Options of `Keyring.fromFile`. */
export interface KeyFileOptions {
  /** Milliseconds between two looks at the file; 0 for none. Default: 5,000. */
  readonly watchInterval?: number
  /** Whether SIGHUP makes it read the file again as well. Default: false. */
  readonly reloadOnSighup?: boolean
  /** Whether the file's group may read it, as where secrets are mounted for one. Default: false. */
  readonly allowGroup?: boolean
}

const MAX_BYTES = 1024 ** 2
const BY_GROUP = 0o070
const BY_OTHERS = 0o007
const READ_BY_GROUP = 0o040

/**
 * Reads keys from a file that only its owner can read.
 *
 * @throws MemkeepError `ERR_MEMKEEP_KEYS_UNAVAILABLE`, `ERR_MEMKEEP_INVALID_KEYRING`
 */
export function readKeyFile(path: string, allowGroup: boolean): Ring {
  const text = readText(path, allowGroup)
  try {
    return parseKeys(text)
  } catch (error) {
    throw error instanceof MemkeepError ? invalidKeyring(`${path}: ${error.message}`) : error
  }
}

function readText(path: string, allowGroup: boolean): string {
  let descriptor: number | undefined
  try {
    // what is checked is what is read, whatever the path leads to by then; a pipe must not hold us up
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    assertPrivate(path, fstatSync(descriptor), allowGroup)
    return readFileSync(descriptor, 'utf8')
  } catch (cause) {
    if (cause instanceof MemkeepError) throw cause
    const { code = 'unknown error' } = cause as { readonly code?: string }
    throw unavailable(`${path} cannot be read (${code}): check path and permissions.`, cause)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function assertPrivate(path: string, stats: Stats, allowGroup: boolean): void {
  if (!stats.isFile()) throw unavailable(`${path} is no file.`)
  if (stats.size > MAX_BYTES) throw unavailable(`${path} has more than a MiB: it is no file of keys.`)
  // Windows has other permissions, which Node does not tell
  if (process.platform === 'win32') return
  const open = stats.mode & (allowGroup ? (BY_GROUP & ~READ_BY_GROUP) | BY_OTHERS : BY_GROUP | BY_OTHERS)
  if (open !== 0) {
    const group = allowGroup ? '' : ', or set "allowGroup" if its group is to read it'
    throw unavailable(
      `${path} holds keys, and others than its owner can read or change it: chmod ${allowGroup ? '640' : '600'} it${group}.`,
    )
  }
  const { uid } = stats
  if (uid !== 0 && uid !== process.getuid?.()) {
    throw unavailable(`${path} holds keys, and belongs to neither this process's user nor root: chown it.`)
  }
}

function unavailable(message: string, cause?: unknown): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_KEYS_UNAVAILABLE', message, cause === undefined ? {} : { cause })
}
