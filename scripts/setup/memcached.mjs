import { has, run } from './run.mjs'

/** What each package manager calls memcached, SASL's mechanisms and its user database, and how it installs them. */
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
    ],
  },
  {
    name: 'dnf',
    install: ['dnf', 'install', '-y', 'memcached', 'cyrus-sasl', 'cyrus-sasl-lib', 'cyrus-sasl-plain'],
  },
  { name: 'apk', install: ['apk', 'add', 'memcached', 'cyrus-sasl'] },
  { name: 'brew', install: ['brew', 'install', 'memcached', 'cyrus-sasl'], asUser: true },
]

/**
 * Makes sure that a memcached with TLS and SASL is at hand, through the system's package manager if it is not.
 *
 * @param {() => Promise<readonly string[]>} findMissing names what is missing
 */
export async function installMemcached(findMissing) {
  const missing = await findMissing()
  if (missing.length === 0) return
  const manager = MANAGERS.find(({ name }) => has(name))
  const own = process.env.MEMKEEP_MEMCACHED
  if (own !== undefined)
    throw new Error(`MEMKEEP_MEMCACHED=${own} will not do. Missing: ${missing.join('; ')}.`)
  if (manager === undefined) {
    throw new Error(
      `Missing: ${missing.join('; ')}. Install memcached built with --enable-tls and --enable-sasl, and Cyrus SASL with its PLAIN module, or name a memcached with MEMKEEP_MEMCACHED=/path.`,
    )
  }
  const command = manager.install.join(' ')
  const prefix = manager.asUser ? [] : privilege()
  if (prefix === undefined)
    throw new Error(`Missing: ${missing.join('; ')}. Run this, then try again: sudo ${command}`)
  console.error(`Missing: ${missing.join('; ')}. Installing: ${command} …`)
  // no service of the package's own is started: the tests start what they need
  const options = {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  }
  for (const [name, ...args] of [manager.before, manager.install].filter((step) => step !== undefined)) {
    const [first, ...rest] = [...prefix, name, ...args]
    run(first, rest, options)
  }
  const still = await findMissing()
  if (still.length > 0) {
    throw new Error(
      `After ${command} this is still missing: ${still.join('; ')}. Name another memcached with MEMKEEP_MEMCACHED=/path.`,
    )
  }
}

/** What to put before a command that needs root: nothing as root, sudo where it asks for no password. */
function privilege() {
  if (process.getuid?.() === 0) return []
  if (!has('sudo')) return undefined
  try {
    run('sudo', ['-n', 'true'], { stdio: 'ignore' })
    return ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND,RUNLEVEL']
  } catch {
    return undefined
  }
}
