import { fileURLToPath } from 'node:url'
import { installPackages } from './packages.mjs'
import { run } from './run.mjs'
import { findMissingPython, installSystemPackages } from './system-packages.mjs'

/** Brings a clean clone to where everything runs: packages, the build, and the system's packages. */
export async function setUp() {
  process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
  installPackages()
  run('npx', ['nx', 'run-many', '-t', 'build', '--output-style=static'], {
    stdio: ['ignore', 2, 2],
    env: quietNx(),
  })
  const { findMissing } = await import('@memkeep/testkit')
  await installSystemPackages(async () => [...(await findMissing()), ...findMissingPython()])
}

/** An environment in which nx keeps to itself: no daemon, no cloud, no terminal interface. */
export function quietNx() {
  return { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true' }
}
