import { vi } from 'vitest'
import type { Environment } from '../../src/hardening/environment.ts'

/** Runs something in a process that has these variables of Memkeep's, and none that the tests themselves go by. */
export async function withVariables(env: Environment, run: () => unknown): Promise<void> {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('MEMKEEP_')) vi.stubEnv(name, undefined)
  }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  try {
    await run()
  } finally {
    vi.unstubAllEnvs()
  }
}
