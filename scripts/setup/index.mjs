import { fileURLToPath } from 'node:url'
import { quietNx } from './nx.mjs'
import { installPackages } from './packages.mjs'
import { run } from './run.mjs'
import { findMissingPython, installChromium, installSystemPackages } from './system-packages.mjs'

/**
 * Brings a clean clone to where everything runs: packages, the build, and the system's packages.
 *
 * @param {{ browser?: boolean, system?: boolean }} options `browser`: the tests look at pages in Chromium, so it is
 * installed too; `system: false` installs no packages of the system
 */
export async function setUp({ browser = false, system = true } = {}) {
  process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
  installPackages()
  run('npx', ['nx', 'run-many', '-t', 'build', '--output-style=static'], {
    stdio: ['ignore', 2, 2],
    env: quietNx(),
  })
  if (!system) return
  const { findChromium, findMissing } = await import('@memkeep/testkit')
  await installSystemPackages(async () => [...(await findMissing()), ...findMissingPython()])
  if (browser) await installChromium(findChromium)
}
