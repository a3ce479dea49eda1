import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PACKAGES = ['core', 'tls', 'sasl', 'encryption', 'client', 'keyv', 'testkit', 'evidence']

let house

/** A house of empty packages, with the names and faces of the real one. */
beforeEach(async () => {
  house = await mkdtemp(join(tmpdir(), 'memkeep-house-'))
  await copyFile(join(ROOT, 'tsconfig.base.json'), join(house, 'tsconfig.base.json'))
  await mkdir(join(house, 'node_modules/@memkeep'), { recursive: true })
  await write('examples/package.json', '{}')
  for (const name of PACKAGES) {
    const exports = {
      '.': { '@memkeep/source': './src/index.ts' },
      './internal': './src/internal.ts',
      './src/*': './src/*',
    }
    const dependencies = Object.fromEntries(PACKAGES.map((other) => [`@memkeep/${other}`, '*']))
    await write(
      `packages/${name}/package.json`,
      JSON.stringify({ name: `@memkeep/${name}`, exports, dependencies }),
    )
    await write(`packages/${name}/src/index.ts`, 'export const a = 1\n')
    await write(`packages/${name}/src/internal.ts`, 'export const b = 1\n')
    await symlink(join(house, 'packages', name), join(house, 'node_modules/@memkeep', name))
  }
})

afterEach(() => rm(house, { recursive: true }))

async function write(path, text) {
  await mkdir(dirname(join(house, path)), { recursive: true })
  await writeFile(join(house, path), text)
}

/** The names of the rules that a file with one import breaks. */
async function broken(path, specifier) {
  await write(path, `import * as x from '${specifier}'\nexport { x }\n`)
  const args = [join(ROOT, 'node_modules/.bin/depcruise'), '--config', join(ROOT, '.dependency-cruiser.mjs')]
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...args, '-T', 'json', 'packages', 'examples'],
    {
      cwd: house,
    },
  ).catch((error) => error)
  return JSON.parse(stdout).summary.violations.map(({ rule }) => rule.name)
}

describe('the floors', () => {
  it.each([
    ['down', 'packages/keyv/src/x.ts', '@memkeep/client'],
    ['to the ground', 'packages/tls/src/x.ts', '@memkeep/core'],
    ['to the second face of core', 'packages/tls/src/x.ts', '@memkeep/core/internal'],
    ['within a package', 'packages/tls/src/x.ts', './internal.ts'],
    ['from a test to testkit', 'packages/core/src/x.test.ts', '@memkeep/testkit'],
    ['from evidence to anything', 'packages/evidence/src/x.ts', '@memkeep/testkit'],
    ['from an example to a face', 'examples/x/main.mjs', '@memkeep/keyv'],
  ])('allow an import %s', async (_, path, specifier) => {
    expect(await broken(path, specifier)).toEqual([])
  })

  it.each([
    ['up', 'packages/core/src/x.ts', '@memkeep/client', 'floors-core'],
    ['up, in a test', 'packages/core/src/x.test.ts', '@memkeep/client', 'floors-core'],
    ['up from a layer', 'packages/tls/src/x.ts', '@memkeep/client', 'floors-tls'],
    ['sideways', 'packages/tls/src/x.ts', '@memkeep/sasl', 'floors-tls'],
    ['sideways, in a test', 'packages/encryption/src/x.test.ts', '@memkeep/tls', 'floors-encryption'],
    ['deep', 'packages/keyv/src/x.ts', '@memkeep/client/src/internal.ts', 'no-deep-imports'],
    [
      'across by a path',
      'packages/keyv/src/x.ts',
      '../../client/src/index.ts',
      'no-relative-imports-across-packages',
    ],
    ['to testkit outside a test', 'packages/core/src/x.ts', '@memkeep/testkit', 'side-packages'],
    ['to evidence', 'packages/client/src/x.test.ts', '@memkeep/evidence', 'evidence-is-the-top'],
    ['from testkit', 'packages/testkit/src/x.ts', '@memkeep/core', 'testkit-stands-alone'],
    ['inside from an example', 'examples/x/main.mjs', '@memkeep/core/internal', 'internal-is-for-packages'],
    ['of nothing that is there', 'packages/core/src/x.ts', 'left-pad', 'no-unresolved'],
  ])('refuse an import %s', async (_, path, specifier, rule) => {
    expect(await broken(path, specifier)).toContain(rule)
  })
})
