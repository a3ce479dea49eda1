import { findProgram } from './program.ts'

/** What a server is made of, and a system may lack. */
export type Part = 'memcached' | 'sasl'

/** Package managers, how each installs, and what each calls the packages. */
const MANAGERS = [
  {
    name: 'apt-get',
    install: 'sudo apt-get install',
    packages: { memcached: 'memcached', sasl: 'sasl2-bin libsasl2-modules' },
  },
  {
    name: 'dnf',
    install: 'sudo dnf install',
    packages: { memcached: 'memcached', sasl: 'cyrus-sasl cyrus-sasl-plain cyrus-sasl-scram' },
  },
  { name: 'apk', install: 'apk add', packages: { memcached: 'memcached', sasl: 'cyrus-sasl' } },
  { name: 'brew', install: 'brew install', packages: { memcached: 'memcached', sasl: 'cyrus-sasl' } },
] as const

/**
 * The command that installs parts on this system, in parentheses after a space; nothing on a system that is unknown.
 *
 * @param folders where to look for its package manager; default: where programs are
 */
export async function installHint(parts: readonly Part[], folders?: readonly string[]): Promise<string> {
  for (const { name, install, packages } of MANAGERS) {
    if ((await findProgram(name, folders)) === undefined) continue
    return ` (${install} ${parts.map((part) => packages[part]).join(' ')})`
  }
  return ''
}
