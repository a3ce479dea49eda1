import { fileURLToPath } from 'node:url'
import { installPackages } from './packages.mjs'
import { run } from './run.mjs'
import { findMissingPython, installChromium, installSystemPackages } from './system-packages.mjs'

/**
 * Brings a clean clone to where everything runs: packages, the build, and the system's packages.
 *
 * @param {{ browser?: boolean }} options `browser`: the tests look at pages in Chromium, so it is installed too
 */
export async function setUp({ browser = false } = {}) {
  process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
  installPackages()
  run('npx', ['nx', 'run-many', '-t', 'build', '--output-style=static'], {
    stdio: ['ignore', 2, 2],
    env: quietNx(),
  })
  const { findChromium, findMissing } = await import('@memkeep/testkit')
  await installSystemPackages(async () => [...(await findMissing()), ...findMissingPython()])
  if (browser) await installChromium(findChromium)
}

/** An environment in which nx keeps to itself: no daemon, no cloud, no terminal interface. */
export function quietNx() {
  return { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true' }
}
