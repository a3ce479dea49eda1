import { execFile } from 'node:child_process'
import { isAbsolute } from 'node:path'
import { installHint } from './install-hint.ts'
import { findProgram, isExecutable } from './program.ts'

/** A memcached and what it was built with. */
export interface MemcachedBinary {
  readonly path: string
  readonly version: string
  /** Built with `--enable-tls`. */
  readonly tls: boolean
  /** Built with `--enable-sasl`. */
  readonly sasl: boolean
}

/** What a server is to have on, and memcached must be built with. */
export interface Needs {
  readonly tls?: boolean
  readonly sasl?: boolean
}

/**
 * Finds the memcached to run: the one that `MEMKEEP_MEMCACHED` names, else the system's.
 *
 * @throws Error that says what to do, when there is none or it does not run
 */
export async function findMemcached(): Promise<MemcachedBinary> {
  const own = process.env['MEMKEEP_MEMCACHED']
  const path = own ?? (await findProgram('memcached'))
  if (path === undefined) {
    throw new Error(
      `There is no memcached: install it${await installHint(['memcached'])}, or set MEMKEEP_MEMCACHED to the path of one.`,
    )
  }
  if (own !== undefined && (!isAbsolute(own) || !(await isExecutable(own)))) {
    throw new Error(
      `MEMKEEP_MEMCACHED${isAbsolute(own) ? `=${own}` : ''} is no program: set it to the absolute path of a memcached, or unset it.`,
    )
  }
  const help = await output(path, ['-h'])
  const version = /^memcached (\S+)/m.exec(help)?.[1]
  if (version === undefined)
    throw new Error(`${path} is not memcached: set MEMKEEP_MEMCACHED to the path of one.`)
  return { path, version, tls: await supports(path, '-Z'), sasl: await supports(path, '-S') }
}

/** @throws Error that says what to do, when that memcached was built without what is needed */
export function assertBuiltWith(binary: MemcachedBinary, { tls = false, sasl = false }: Needs): void {
  const lacking = tls && !binary.tls ? 'tls' : sasl && !binary.sasl ? 'sasl' : undefined
  if (lacking !== undefined) {
    throw new Error(
      `${binary.path} was built without --enable-${lacking}: set MEMKEEP_MEMCACHED to the path of one that was built with it.`,
    )
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
