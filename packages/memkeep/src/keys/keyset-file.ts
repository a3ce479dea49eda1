import { realpath } from 'node:fs/promises'
import { MemkeepError } from '@memkeep/core'
import { quotePath, readPrivateFile } from '@memkeep/core/internal'
import { parseKeyset, type Keyset } from '@memkeep/encryption'
import { withLock } from '../files/with-lock.ts'
import { createFile, replaceFile, type FileKind } from '../files/write-file.ts'

const KEYSET = {
  code: 'ERR_MEMKEEP_KEYS_UNAVAILABLE',
  holds: 'keys',
  secret: true,
} as const satisfies FileKind

/**
 * Reads a keyset from a file that only its owner can read.
 *
 * @throws MemkeepError `ERR_MEMKEEP_KEYS_UNAVAILABLE`, `ERR_MEMKEEP_INVALID_KEYRING`
 */
export function readKeyset(path: string): Keyset {
  const text = readPrivateFile(path, KEYSET).toString()
  if (!text.trimStart().startsWith('{')) {
    throw new MemkeepError(
      'ERR_MEMKEEP_INVALID_KEYRING',
      `${path} is no keyset: that is JSON, and knows the ages of its keys. \`memkeep keys generate --file …\` makes one.`,
    )
  }
  try {
    return parseKeyset(text)
  } catch (error) {
    if (!(error instanceof MemkeepError)) throw error
    throw new MemkeepError(error.code, `${path}: ${error.message}`)
  }
}

/** Writes a keyset to a file that is not there yet. @throws MemkeepError `ERR_MEMKEEP_KEYS_UNAVAILABLE` */
export async function createKeyset(path: string, keyset: Keyset): Promise<void> {
  await createFile(path, textOf(keyset), KEYSET)
}

/**
 * Changes the keyset in a file, as a whole and while nobody else does. Where `change` throws, the file stays as it is.
 *
 * @param path may be a link: what it leads to is changed
 * @returns what the keyset is now
 * @throws MemkeepError `ERR_MEMKEEP_KEYS_UNAVAILABLE`, `ERR_MEMKEEP_INVALID_KEYRING`; what `change` throws
 */
export async function changeKeyset(
  path: string,
  signal: AbortSignal,
  change: (keyset: Keyset) => Keyset,
): Promise<Keyset> {
  let file: string
  try {
    file = await realpath(path)
  } catch (cause) {
    const message = `${quotePath(path)} is not there, or leads nowhere: \`memkeep keys generate --file …\` makes a keyset.`
    throw new MemkeepError(KEYSET.code, message, { cause })
  }
  return withLock(file, KEYSET, signal, async (assertHeld) => {
    const keyset = change(readKeyset(file))
    assertHeld()
    await replaceFile(file, textOf(keyset), KEYSET)
    return keyset
  })
}

function textOf(keyset: Keyset): string {
  return `${JSON.stringify(keyset, null, 2)}\n`
}
