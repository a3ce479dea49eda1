import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findMissing } from './missing.ts'
import { startMemcached } from './server.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-missing-'))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** A program that answers `-h` as a memcached built without some options does. */
async function builtWithout(...options: string[]): Promise<string> {
  const path = join(folder, 'memcached')
  const refusal = 'This server is not built with that support.'
  const cases = options.map((option) => `${option}) echo "${refusal}"; exit 64;;`)
  await writeFile(path, `#!/bin/sh\ncase $1 in ${cases.join(' ')} esac\necho "memcached 1.6.18"\n`)
  await chmod(path, 0o755)
  vi.stubEnv('MEMKEEP_MEMCACHED', path)
  return path
}

describe('findMissing', () => {
  it('finds nothing missing where every posture runs', async () => {
    expect(await findMissing()).toEqual([])
  })

  it('says what memcached was built without', async () => {
    const path = await builtWithout('-S', '-Z')
    expect(await findMissing()).toEqual([
      `TLS in ${path} (built without --enable-tls)`,
      `SASL in ${path} (built without --enable-sasl)`,
    ])
  })
})

describe('startMemcached', () => {
  it('refuses a posture that memcached was built without, and says what to do', async () => {
    const path = await builtWithout('-S')
    await expect(startMemcached('tls+sasl')).rejects.toThrow(
      `${path} was built without --enable-sasl: set MEMKEEP_MEMCACHED`,
    )
  })
})
