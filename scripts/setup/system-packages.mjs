import { has, run, succeeds } from './run.mjs'

/**
 * What each package manager calls memcached, what SASL needs, OpenSSL's command and Python with its package
 * `cryptography`, and how it installs them; and what it calls Chromium.
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
    browser: ['apt-get', 'install', '-q', '-y', '--no-install-recommends', 'chromium'],
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
    browser: ['dnf', 'install', '-y', 'chromium'],
  },
  {
    name: 'apk',
    install: ['apk', 'add', 'memcached', 'cyrus-sasl', 'openssl', 'py3-cryptography'],
    browser: ['apk', 'add', 'chromium'],
  },
  {
    name: 'brew',
    install: ['brew', 'install', 'memcached', 'cyrus-sasl', 'openssl', 'cryptography'],
    browser: ['brew', 'install', '--cask', 'chromium'],
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
  await install(lacking, findMissing, {
    packages: 'install',
    advice:
      'Install memcached built with --enable-tls and --enable-sasl, Cyrus SASL with its PLAIN module, openssl, and Python with its package cryptography, or name a memcached with MEMKEEP_MEMCACHED=/path.',
    other: 'Name another memcached with MEMKEEP_MEMCACHED=/path.',
  })
}

/**
 * Makes sure that a Chromium is at hand to look at pages with, through the system's package manager if none is.
 *
 * @param {() => Promise<string | undefined>} findChromium its path
 */
export async function installChromium(findChromium) {
  const findMissing = async () => ((await findChromium()) === undefined ? ['Chromium'] : [])
  const missing = await findMissing()
  if (missing.length === 0) return
  await install(`Missing: ${missing.join('; ')}.`, findMissing, {
    packages: 'browser',
    advice: 'Install Chromium or Google Chrome, or name one with MEMKEEP_CHROMIUM=/path.',
    other: 'Name a Chromium or Google Chrome with MEMKEEP_CHROMIUM=/path.',
  })
}

/** Installs what is lacking, and looks again. @throws Error that says what to do where that cannot be */
async function install(lacking, findMissing, { packages, advice, other }) {
  const manager = MANAGERS.find(({ name }) => has(name))
  if (manager === undefined) throw new Error(`${lacking} ${advice}`)
  const command = manager[packages].join(' ')
  const privilege = manager.asUser ? [] : findPrivilege()
  if (privilege === undefined) throw new Error(`${lacking} Run this, then try again: sudo ${command}`)
  console.error(`${lacking} Installing: ${command} …`)
  for (const step of [manager.before, manager[packages]]) {
    if (step === undefined) continue
    const [program, ...args] = [...privilege, ...QUIET, ...step]
    try {
      run(program, args, { stdio: ['ignore', 2, 2] })
    } catch (error) {
      throw new Error(`${error.message}. ${other}`, { cause: error })
    }
  }
  const still = await findMissing()
  if (still.length > 0)
    throw new Error(`After ${command} this is still missing: ${still.join('; ')}. ${other}`)
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
