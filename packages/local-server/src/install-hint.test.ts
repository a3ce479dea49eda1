import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { installHint } from './install-hint.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-hint-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

describe('installHint', () => {
  it.each([
    ['apt-get', ' (sudo apt-get install memcached sasl2-bin libsasl2-modules)'],
    ['dnf', ' (sudo dnf install memcached cyrus-sasl cyrus-sasl-plain cyrus-sasl-scram)'],
    ['apk', ' (apk add memcached cyrus-sasl)'],
    ['brew', ' (brew install memcached cyrus-sasl)'],
  ])('names the command of %s', async (manager, hint) => {
    const path = join(folder, manager)
    await writeFile(path, '#!/bin/sh\n')
    await chmod(path, 0o755)
    expect(await installHint(['memcached', 'sasl'], [folder])).toBe(hint)
  })

  it('says nothing on a system that it does not know', async () => {
    expect(await installHint(['memcached'], [folder])).toBe('')
  })
})
