import { statSync } from 'node:fs'
import { run } from './run.mjs'

/** Installs the packages of the lock file, unless that was done since it last changed. */
export function installPackages() {
  if (installedSince('package-lock.json')) return
  console.error('Installing packages (npm ci) …')
  run('npm', ['ci', '--no-fund', '--no-audit'], { stdio: ['ignore', 2, 2] })
}

function installedSince(lockFile) {
  // npm writes this file last, so it is missing after an install that was broken off
  const installed = statSync('node_modules/.package-lock.json', { throwIfNoEntry: false })
  return installed !== undefined && installed.mtimeMs >= statSync(lockFile).mtimeMs
}
