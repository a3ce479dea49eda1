import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findChromium } from './chromium.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-chromium-'))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

async function program(name: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, '#!/bin/sh\n')
  await chmod(path, 0o755)
  return path
}

describe('findChromium', () => {
  it('takes the one that MEMKEEP_CHROMIUM names', async () => {
    const path = await program('my-browser')
    vi.stubEnv('MEMKEEP_CHROMIUM', path)
    expect(await findChromium()).toBe(path)
  })

  it('refuses one that is no program, and says what to do', async () => {
    vi.stubEnv('MEMKEEP_CHROMIUM', join(folder, 'none'))
    await expect(findChromium()).rejects.toThrow(/none is no program: set it to the absolute path/)
    vi.stubEnv('MEMKEEP_CHROMIUM', 'chromium')
    await expect(findChromium()).rejects.toThrow(/is no program/)
  })

  it('finds Chromium on the PATH before Chrome', async () => {
    vi.stubEnv('MEMKEEP_CHROMIUM', undefined)
    vi.stubEnv('PATH', folder)
    await program('google-chrome')
    const chromium = await program('chromium')
    expect(await findChromium()).toBe(chromium)
  })
})
