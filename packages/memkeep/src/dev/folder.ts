import { chmod, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MemkeepError } from '@memkeep/core'
import { fileErrorCause, quotePath } from '@memkeep/core/internal'
import envPaths from 'env-paths'

/** The files of a folder of `memkeep dev`, by what they hold. */
const NAMES = {
  authority: 'ca.pem',
  authorityKey: 'ca.key',
  server: 'server.pem',
  serverKey: 'server.key',
  client: 'client.pem',
  clientKey: 'client.key',
  password: 'password',
  keys: 'keys.json',
  port: 'port',
  env: 'env',
  ignore: '.gitignore',
  lock: 'dev.lock',
} as const

/** Where each of them is. */
export type DevFiles = Readonly<Record<keyof typeof NAMES, string>>

/** Where certificates, password and keys are kept when no folder is named. */
export function defaultFolder(): string {
  return join(envPaths('memkeep', { suffix: '' }).data, 'dev')
}

/**
 * Makes the folder if it is not there, and its owner's alone in any case.
 *
 * @throws TypeError for a folder that holds something else: its mode is not ours to change
 * @throws MemkeepError `ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE` for one that cannot be made
 */
export async function openFolder(folder: string): Promise<DevFiles> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const entries = await readdir(folder)
    const foreign = entries.find((entry) => !isOurs(entry))
    if (foreign !== undefined) {
      throw new TypeError(
        `--dir: ${folder} holds files that are not of memkeep dev, such as ${foreign}: name a new folder, or an empty one.`,
      )
    }
    await chmod(folder, 0o700)
  } catch (cause) {
    if (cause instanceof TypeError) throw cause
    const { code = 'unknown error' } = cause as { readonly code?: string }
    throw new MemkeepError(
      'ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE',
      `The folder ${quotePath(folder)} cannot be used (${code}): check path and permissions, or name another with --dir.`,
      { cause: fileErrorCause(folder, cause) },
    )
  }
  const paths = Object.entries(NAMES).map(([what, name]) => [what, join(folder, name)])
  return Object.fromEntries(paths) as DevFiles
}

/** Also what a writer that was killed has left of one. */
function isOurs(entry: string): boolean {
  return Object.values(NAMES).some((name) => entry === name || entry.startsWith(`${name}.`))
}
