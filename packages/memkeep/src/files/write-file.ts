import { constants, lstatSync } from 'node:fs'
import { open, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import process from 'node:process'
import { MemkeepError, type MemkeepErrorCode } from '@memkeep/core'
import { fileErrorCause, quotePath } from '@memkeep/core/internal'
import writeFileAtomic from 'write-file-atomic'

/** What a file is to those who write and read it. */
export interface FileKind {
  /** What its faults are reported as. */
  readonly code: MemkeepErrorCode
  /** What it holds, for messages: `keys`. */
  readonly holds: string
  /** Whether nobody but its owner may read it. */
  readonly secret: boolean
}

const BY_OWNER = 0o600
const BY_EVERYBODY = 0o644
const OTHERS_WRITE = 0o002
const STICKY = 0o1000
const ANY_BUT_OWNER = 0o077

/**
 * Writes a file that is not there yet; a secret one is never readable by others, not for a moment.
 *
 * @throws MemkeepError `kind.code`, also for a file or link that is there
 */
export async function createFile(path: string, text: string, kind: FileKind): Promise<void> {
  await assertSafeFolder(path, kind)
  try {
    const file = await open(path, 'wx', kind.secret ? BY_OWNER : BY_EVERYBODY)
    try {
      await file.writeFile(text)
      await file.sync()
    } catch (error) {
      await unlink(path)
      throw error
    } finally {
      await file.close()
    }
    await syncFolder(path)
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') {
      throw new MemkeepError(
        kind.code,
        `${path} is there already, and is never overwritten: name another file.`,
      )
    }
    throw unwritable(path, kind, cause)
  }
}

/**
 * Replaces a file as a whole: readers see the old text or the new one, and so they do after a crash.
 *
 * @param path no link: links are for the caller to resolve, before he reads
 * @throws MemkeepError `kind.code`
 */
export async function replaceFile(path: string, text: string, kind: FileKind): Promise<void> {
  await assertSafeFolder(path, kind)
  try {
    await writeFileAtomic(path, text, {
      fsync: true,
      ...(kind.secret && {
        mode: BY_OWNER,
        tmpfileCreated: (temporary: string) => {
          assertOwn(temporary, kind)
        },
      }),
    })
    await syncFolder(path)
  } catch (cause) {
    throw cause instanceof MemkeepError ? cause : unwritable(path, kind, cause)
  }
}

/** Where anybody may put files in place of ours, none is safe. */
async function assertSafeFolder(path: string, kind: FileKind): Promise<void> {
  const folder = dirname(path)
  let mode: number
  try {
    ;({ mode } = await stat(folder))
  } catch (cause) {
    throw unwritable(path, kind, cause)
  }
  if (process.platform === 'win32' || (mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return
  throw new MemkeepError(
    kind.code,
    `Everybody can replace what is in the folder ${folder}, and ${path} holds ${kind.holds}: chmod o-w it.`,
  )
}

/** The temporary file was opened by a name that others could guess: it may be theirs, or a link of theirs. */
function assertOwn(temporary: string, kind: FileKind): void {
  const file = lstatSync(temporary)
  const others = process.platform === 'win32' ? 0 : file.mode & ANY_BUT_OWNER
  const own = process.getuid === undefined || file.uid === process.getuid()
  if (file.isFile() && file.nlink === 1 && own && others === 0) return
  throw new MemkeepError(
    kind.code,
    `Somebody else made ${temporary} to read what is written: look who may write to its folder.`,
  )
}

/** That the file is there survives a power failure as well. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(dirname(path), constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function unwritable(path: string, kind: FileKind, cause: unknown): MemkeepError {
  const message = `${quotePath(path)} cannot be written (${codeOf(cause)}): check path and permissions.`
  return new MemkeepError(kind.code, message, { cause: fileErrorCause(path, cause) })
}

function codeOf(cause: unknown): string {
  return (cause as { readonly code?: string } | undefined)?.code ?? 'unknown error'
}
