import { has, run, succeeds } from './run.mjs'

/**
 * What each package manager calls memcached, what SASL needs, OpenSSL's command and Python with its package
 * `cryptography`, and how it installs them.
 */
const MANAGERS = [
  {
    name: 'apt-get',
    before: ['apt-get', 'update', '-q'],
    install: [
      'apt-get',
      'install',
      '-q',
      '-y',
      '--no-install-recommends',
      'memcached',
      'libsasl2-modules',
      'sasl2-bin',
      'openssl',
      'python3-cryptography',
    ],
  },
  {
    name: 'dnf',
    install: [
      'dnf',
      'install',
      '-y',
      'memcached',
      'cyrus-sasl',
      'cyrus-sasl-lib',
      'cyrus-sasl-plain',
      'openssl',
      'python3-cryptography',
    ],
  },
  { name: 'apk', install: ['apk', 'add', 'memcached', 'cyrus-sasl', 'openssl', 'py3-cryptography'] },
  {
    name: 'brew',
    install: ['brew', 'install', 'memcached', 'cyrus-sasl', 'openssl', 'cryptography'],
    asUser: true,
  },
]

/** What keeps a package manager from asking questions and from starting services: the tests start what they need. */
const QUIET = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1']

/**
 * Makes sure that a memcached with TLS and SASL is at hand, and Python for a reader of envelopes that is not ours,
 * through the system's package manager if they are not.
 *
 * @param {() => Promise<readonly string[]>} findMissing names what is missing
 */
export async function installSystemPackages(findMissing) {
  const missing = await findMissing()
  if (missing.length === 0) return
  const lacking = `Missing: ${missing.join('; ')}.`
  const own = process.env.MEMKEEP_MEMCACHED
  if (own !== undefined && missing.some((what) => what.includes(own))) {
    throw new Error(
      `${lacking} Name another memcached with MEMKEEP_MEMCACHED, or unset it to use the system's.`,
    )
  }
  const manager = MANAGERS.find(({ name }) => has(name))
  if (manager === undefined) {
    throw new Error(
      `${lacking} Install memcached built with --enable-tls and --enable-sasl, Cyrus SASL with its PLAIN module, openssl, and Python with its package cryptography, or name a memcached with MEMKEEP_MEMCACHED=/path.`,
    )
  }
  const command = manager.install.join(' ')
  const privilege = manager.asUser ? [] : findPrivilege()
  if (privilege === undefined) throw new Error(`${lacking} Run this, then try again: sudo ${command}`)
  console.error(`${lacking} Installing: ${command} …`)
  for (const step of [manager.before, manager.install]) {
    if (step === undefined) continue
    const [program, ...args] = [...privilege, ...QUIET, ...step]
    run(program, args, { stdio: ['ignore', 2, 2] })
  }
  const still = await findMissing()
  if (still.length > 0) {
    throw new Error(
      `After ${command} this is still missing: ${still.join('; ')}. Name another memcached with MEMKEEP_MEMCACHED=/path.`,
    )
  }
}

/** What to put before a command that needs root: nothing as root, sudo where it asks for no password. */
function findPrivilege() {
  if (process.getuid?.() === 0) return []
  return has('sudo') && succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined
}

/** Whether Python is missing, or its package `cryptography`. */
export function findMissingPython() {
  return succeeds('python3', ['-c', 'import cryptography']) ? [] : ['Python 3 with its package cryptography']
}
