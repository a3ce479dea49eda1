import { spawnSync } from 'node:child_process'

/** Runs a command to its end in the foreground. @throws when it cannot start or exits with another code than 0 */
export function run(command, args, options = {}) {
  const { error, status, signal } = spawnSync(command, args, { stdio: 'inherit', ...options })
  if (error !== undefined) throw new Error(`${command} cannot be started: ${error.message}`, { cause: error })
  if (status !== 0)
    throw new Error(`${[command, ...args].join(' ')} ended with ${signal ?? `exit code ${status}`}`)
}

/** Whether a command can be started and exits with code 0. Prints nothing. */
export function succeeds(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** Whether a command is on the PATH. */
export function has(command) {
  return succeeds('/bin/sh', ['-c', 'command -v "$1"', 'sh', command])
}
