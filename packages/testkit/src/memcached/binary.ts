import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import type { PostureParts } from '../posture.ts'

/** Folders where packages put programs that a user's PATH may lack. */
const COMMON_FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin']

/** A memcached and what it was built with. */
export interface MemcachedBinary {
  readonly path: string
  readonly version: string
  /** Built with `--enable-tls`. */
  readonly tls: boolean
  /** Built with `--enable-sasl`. */
  readonly sasl: boolean
}

/**
 * Finds the memcached to test with: the one that `MEMKEEP_MEMCACHED` names, else the system's.
 *
 * @throws Error that says what to do, when there is none or it does not run
 */
export async function findMemcached(): Promise<MemcachedBinary> {
  const own = process.env['MEMKEEP_MEMCACHED']
  const path = own ?? (await findProgram('memcached'))
  if (path === undefined) {
    throw new Error('There is no memcached: install it, or set MEMKEEP_MEMCACHED to the path of one.')
  }
  if (own !== undefined && (!isAbsolute(own) || !(await isExecutable(own)))) {
    throw new Error(
      `MEMKEEP_MEMCACHED=${own} is no program: set it to the absolute path of a memcached, or unset it.`,
    )
  }
  const help = await output(path, ['-h'])
  const version = /^memcached (\S+)/m.exec(help)?.[1]
  if (version === undefined)
    throw new Error(`${path} is not memcached: set MEMKEEP_MEMCACHED to the path of one.`)
  return { path, version, tls: await supports(path, '-Z'), sasl: await supports(path, '-S') }
}

/**
 * Finds a memcached that can run a posture.
 *
 * @throws Error that says what to do, when there is none or it was built without what the posture needs
 */
export async function findMemcachedFor({ tls, auth }: PostureParts): Promise<MemcachedBinary> {
  const binary = await findMemcached()
  const lacking = tls && !binary.tls ? 'tls' : auth === 'sasl' && !binary.sasl ? 'sasl' : undefined
  if (lacking !== undefined) {
    throw new Error(
      `${binary.path} was built without --enable-${lacking}: set MEMKEEP_MEMCACHED to the path of one that was built with it.`,
    )
  }
  return binary
}

/** The path of a program on the PATH or in the usual folders. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute), ...COMMON_FOLDERS]
  for (const folder of folders) {
    const path = join(folder, name)
    if (await isExecutable(path)) return path
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Whether memcached knows an option. Its help may name one that it was built without; the option itself tells. */
async function supports(path: string, option: '-Z' | '-S'): Promise<boolean> {
  return /^memcached \S+/m.test(await output(path, [option, '-h']))
}

/** What a program prints, whatever its exit code: memcached's help has ended with several over the years. */
function output(path: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(path, args, (_error, stdout, stderr) => {
      resolve(stdout + stderr)
    })
  })
}
