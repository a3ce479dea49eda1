import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findMissingPython, installChromium, installSystemPackages } from './system-packages.mjs'

let folder

/** A machine with no programs but those that a test puts there. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-path-'))
  vi.stubEnv('PATH', folder)
  vi.stubEnv('MEMKEEP_MEMCACHED', undefined)
  vi.spyOn(console, 'error').mockReturnValue(undefined)
  await symlink('/usr/bin/env', join(folder, 'env'))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

/** A program that notes how it was called. */
async function program(name, body = '') {
  const path = join(folder, name)
  await writeFile(path, `#!/bin/sh\necho "${name} $*" "\${RUNLEVEL:+quiet}" >> ${folder}/calls\n${body}\n`)
  await chmod(path, 0o755)
}

const calls = () => readFile(join(folder, 'calls'), 'utf8').catch(() => '')
const as = (user) => vi.spyOn(process, 'getuid').mockReturnValue(user)

/** Says that something is missing the first time, and what is still missing from then on. */
function missing(first, ...still) {
  return vi.fn().mockResolvedValueOnce([first]).mockResolvedValue(still)
}

describe('installSystemPackages', () => {
  it('does nothing where nothing is missing', async () => {
    await program('apt-get')
    await installSystemPackages(() => Promise.resolve([]))
    expect(await calls()).toBe('')
  })

  it('installs as root, and looks again', async () => {
    as(0)
    await program('apt-get')
    const findMissing = missing('memcached')
    await installSystemPackages(findMissing)
    expect(await calls()).toMatch(
      /^apt-get update.* quiet\napt-get install .*memcached libsasl2-modules sasl2-bin openssl python3-cryptography quiet\n$/,
    )
    expect(findMissing).toHaveBeenCalledTimes(2)
  })

  it('installs through sudo where that asks for no password', async () => {
    as(1000)
    await program('dnf')
    await program('sudo', 'shift; [ "$1" = true ] || exec "$@"')
    await installSystemPackages(missing('memcached'))
    expect(await calls()).toMatch(
      /sudo -n true \nsudo -n env .*dnf install .*\ndnf install -y memcached .*quiet\n/,
    )
  })

  it('installs with brew as the user', async () => {
    as(501)
    await program('brew')
    await installSystemPackages(missing('memcached'))
    expect(await calls()).toBe('brew install memcached cyrus-sasl openssl cryptography quiet\n')
  })

  it('names the command where it may not install', async () => {
    as(1000)
    await program('apk')
    await expect(installSystemPackages(missing('memcached'))).rejects.toThrow(
      'Missing: memcached. Run this, then try again: sudo apk add memcached cyrus-sasl openssl py3-cryptography',
    )
    expect(await calls()).toBe('')
  })

  it('misses Python without its package cryptography', async () => {
    await program('python3', 'exit 1')
    expect(findMissingPython()).toEqual(['Python 3 with its package cryptography'])
    await program('python3', 'exit 0')
    expect(findMissingPython()).toEqual([])
  })

  it('says what to install where it knows no package manager', async () => {
    await expect(installSystemPackages(missing('memcached'))).rejects.toThrow(
      /--enable-tls and --enable-sasl/,
    )
  })

  it('says what an own memcached lacks, and installs nothing for it', async () => {
    as(0)
    await program('apt-get')
    vi.stubEnv('MEMKEEP_MEMCACHED', '/own/memcached')
    const lacking = missing('TLS in /own/memcached (built without --enable-tls)')
    await expect(installSystemPackages(lacking)).rejects.toThrow(
      /^Missing: TLS in \/own\/memcached.*MEMKEEP_MEMCACHED/,
    )
    expect(await calls()).toBe('')
  })

  it('says what is still missing when the package manager did not bring it', async () => {
    as(0)
    await program('apk')
    await expect(installSystemPackages(missing('memcached', 'SASL in /usr/bin/memcached'))).rejects.toThrow(
      /still missing: SASL in \/usr\/bin\/memcached/,
    )
  })

  it('fails when the package manager does', async () => {
    as(0)
    await program('apk', 'exit 7')
    await expect(installSystemPackages(missing('memcached'))).rejects.toThrow(/exit code 7/)
  })
})

describe('installChromium', () => {
  it('does nothing where there is one', async () => {
    await program('apt-get')
    await installChromium(() => Promise.resolve('/usr/bin/chromium'))
    expect(await calls()).toBe('')
  })

  it.each([
    ['apt-get', /^apt-get update.*\napt-get install .*chromium quiet\n$/],
    ['dnf', /^dnf install -y chromium quiet\n$/],
    ['apk', /^apk add chromium quiet\n$/],
    ['brew', /^brew install --cask chromium quiet\n$/],
  ])('installs it with %s, and looks again', async (name, called) => {
    as(0)
    await program(name)
    const findChromium = vi.fn().mockResolvedValueOnce(undefined).mockResolvedValue('/usr/bin/chromium')
    await installChromium(findChromium)
    expect(await calls()).toMatch(called)
    expect(findChromium).toHaveBeenCalledTimes(2)
  })

  it('says what to install where it knows no package manager', async () => {
    await expect(installChromium(() => Promise.resolve())).rejects.toThrow(
      'Missing: Chromium. Install Chromium or Google Chrome, or name one with MEMKEEP_CHROMIUM=/path.',
    )
  })

  it('says what to do where the package manager has none', async () => {
    as(0)
    await program('apk', 'exit 7')
    await expect(installChromium(() => Promise.resolve())).rejects.toThrow(
      /exit code 7\. Name a Chromium or Google Chrome with MEMKEEP_CHROMIUM/,
    )
  })
})
