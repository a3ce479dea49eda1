import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { assertBuiltWith, findMemcached } from './binary.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-binary-'))
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

describe('findMemcached', () => {
  it('finds one with TLS and SASL', async () => {
    const expected = { version: expect.any(String) as string, tls: true, sasl: true }
    expect(await findMemcached()).toMatchObject(expected)
  })

  it('takes the one that MEMKEEP_MEMCACHED names', async () => {
    const path = await builtWithout()
    expect(await findMemcached()).toEqual({ path, version: '1.6.18', tls: true, sasl: true })
  })

  it('says what it was built without, and what to do when that is needed', async () => {
    const path = await builtWithout('-S')
    const binary = await findMemcached()
    expect(binary).toMatchObject({ tls: true, sasl: false })
    assertBuiltWith(binary, { tls: true })
    expect(() => {
      assertBuiltWith(binary, { tls: true, sasl: true })
    }).toThrow(`${path} was built without --enable-sasl: set MEMKEEP_MEMCACHED`)
  })

  it('refuses a program that is not memcached', async () => {
    vi.stubEnv('MEMKEEP_MEMCACHED', '/bin/true')
    await expect(findMemcached()).rejects.toThrow(/not memcached/)
  })

  it('says what to do when MEMKEEP_MEMCACHED names no program', async () => {
    vi.stubEnv('MEMKEEP_MEMCACHED', '/nowhere/memcached')
    await expect(findMemcached()).rejects.toThrow(/MEMKEEP_MEMCACHED=\/nowhere\/memcached is no program/)
  })
})
