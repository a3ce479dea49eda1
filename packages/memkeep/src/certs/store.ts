import { mkdir, readdir, realpath, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { MemkeepError } from '@memkeep/core'
import { fileErrorCause, quotePath, readPrivateFile, readRegularFile } from '@memkeep/core/internal'
import { withLock } from '../files/with-lock.ts'
import { createFile, replaceFile, type FileKind } from '../files/write-file.ts'
import type { CertificatePair } from './authority.ts'

/** The files of a certificate and its key. */
export interface PairFiles {
  readonly cert: string
  readonly key: string
}

/** The name of the authority's files. */
export const AUTHORITY = 'ca'

const CODE = 'ERR_MEMKEEP_TLS_MATERIAL'
const CERTIFICATE = { code: CODE, holds: 'certificates', secret: false } as const satisfies FileKind
const KEY = { code: CODE, holds: 'a private key', secret: true } as const satisfies FileKind
const NAME = /^[A-Za-z0-9][\w.-]{0,62}$/
const PEM = '.pem'

/** Where a certificate of that name and its key are. @throws TypeError for a name that is no name of a file */
export function filesOf(folder: string, name: string): PairFiles {
  if (!NAME.test(name)) {
    throw new TypeError(
      "what was given cannot be the name of a certificate's files: use letters, digits, and . _ - after the first",
    )
  }
  return { cert: join(folder, `${name}${PEM}`), key: join(folder, `${name}.key`) }
}

/** The names of the certificates in a folder that have a key, but for the authority's. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  let files: readonly string[]
  try {
    files = await readdir(folder)
  } catch (cause) {
    throw unreadable(folder, cause)
  }
  return files
    .filter((file) => file.endsWith(PEM))
    .map((file) => file.slice(0, -PEM.length))
    .filter((name) => name !== AUTHORITY && files.includes(`${name}.key`))
    .toSorted()
}

/** Makes the folder, for its owner alone, where it is not there. @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL` */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const { code = 'unknown error' } = cause as { readonly code?: string }
    throw new MemkeepError(CODE, `The folder cannot be made (${code}): name another with --dir.`, {
      cause: fileErrorCause(folder, cause),
    })
  }
}

/**
 * Writes a new pair, and nothing over anything.
 *
 * @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL`, also when one of the files is there
 */
export async function createPair({ cert, key }: PairFiles, pair: CertificatePair): Promise<void> {
  for (const file of [cert, key]) await assertFree(file)
  await createFile(key, pair.key, KEY)
  try {
    await createFile(cert, pair.cert, CERTIFICATE)
  } catch (error) {
    // ours, and of no use to anybody
    await unlink(key)
    throw error
  }
}

async function assertFree(file: string): Promise<void> {
  if ((await stat(file).catch(() => undefined)) === undefined) return
  throw new MemkeepError(
    CODE,
    `${file} is there already, and is never overwritten: renew it with \`memkeep certs renew\`, or use another name or --dir.`,
  )
}

/** Reads a pair; the key must be private. @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL` */
export function readPair({ cert, key }: PairFiles): CertificatePair {
  return { cert: readCertificate(cert), key: readPrivateFile(key, KEY).toString() }
}

/** Reads a PEM file. @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL` */
export function readCertificate(file: string): string {
  return readRegularFile(file, CERTIFICATE).toString()
}

/**
 * Replaces a pair while nobody else does: each file as a whole, and the key only if it is another one.
 *
 * @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL`; what `renew` throws
 */
export async function replacePair<T extends CertificatePair>(
  files: PairFiles,
  signal: AbortSignal,
  renew: (pair: CertificatePair) => Promise<T>,
): Promise<T> {
  const cert = await resolved(files.cert)
  return withLock(cert, KEY, signal, async (assertHeld) => {
    const old = readPair(files)
    const renewed = await renew(old)
    assertHeld()
    if (renewed.key !== old.key) await replaceFile(await resolved(files.key), renewed.key, KEY)
    await replaceFile(cert, renewed.cert, CERTIFICATE)
    return renewed
  })
}

async function resolved(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function unreadable(path: string, cause: unknown): MemkeepError {
  const { code = 'unknown error' } = cause as { readonly code?: string }
  return new MemkeepError(CODE, `${quotePath(path)} cannot be read (${code}): check path and permissions.`, {
    cause: fileErrorCause(path, cause),
  })
}
