import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PACKAGES = [
  ...['core', 'tls', 'sasl', 'encryption', 'client', 'keyv', 'memcache-client', 'memjs', 'cache-manager'],
  ...['local-server', 'memkeep', 'testkit', 'evidence', 'bench'],
]

/** What may be imported: what kind of import, from where, which. */
const ALLOWED = [
  ['down', 'packages/keyv/src/a.ts', '@memkeep/client'],
  ['to the ground', 'packages/tls/src/b.ts', '@memkeep/core'],
  ['to the second face of the client', 'packages/keyv/src/ah.ts', '@memkeep/client/internal'],
  ['to the second face of core', 'packages/tls/src/c.ts', '@memkeep/core/internal'],
  ['to the command, from bench', 'packages/bench/src/w.ts', 'memkeep/internal'],
  ['to the core that bench and the command share', 'packages/bench/src/af.ts', 'memkeep/internal/bench'],
  ['down from the top', 'packages/memkeep/src/x.ts', '@memkeep/client'],
  ['to a local server, from the command', 'packages/memkeep/src/z.ts', '@memkeep/local-server'],
  ['to a local server, from testkit', 'packages/testkit/src/aa.ts', '@memkeep/local-server'],
  ['within a package', 'packages/tls/src/d.ts', './internal.ts'],
  ['from a test to testkit', 'packages/core/src/e.test.ts', '@memkeep/testkit'],
  ['from evidence to anything', 'packages/evidence/src/f.ts', '@memkeep/testkit'],
  ['from bench to anything', 'packages/bench/src/t.ts', '@memkeep/client'],
  ['from an example to a face', 'examples/g/main.mjs', '@memkeep/keyv'],
]

/** What may not, and the rule that says so. */
const REFUSED = [
  ['up', 'packages/core/src/h.ts', '@memkeep/client', 'floors-core'],
  ['up, in a test', 'packages/core/src/i.test.ts', '@memkeep/client', 'floors-core'],
  ['up from a layer', 'packages/tls/src/j.ts', '@memkeep/client', 'floors-tls'],
  ['up to the top', 'packages/cache-manager/src/y.ts', 'memkeep', 'floors-cache-manager'],
  ['sideways', 'packages/tls/src/k.ts', '@memkeep/sasl', 'floors-tls'],
  ['sideways, in a test', 'packages/encryption/src/l.test.ts', '@memkeep/tls', 'floors-encryption'],
  ['deep', 'packages/keyv/src/m.ts', '@memkeep/client/src/inside.ts', 'no-deep-imports'],
  [
    'across by a path',
    'packages/keyv/src/n.ts',
    '../../client/src/index.ts',
    'no-relative-imports-across-packages',
  ],
  ['to testkit outside a test', 'packages/core/src/o.ts', '@memkeep/testkit', 'side-packages'],
  ['to evidence', 'packages/client/src/p.test.ts', '@memkeep/evidence', 'evidence-is-the-top'],
  ['to bench', 'packages/testkit/src/u.ts', '@memkeep/bench', 'bench-is-the-top'],
  ['from evidence to bench', 'packages/evidence/src/v.test.ts', '@memkeep/bench', 'bench-is-the-top'],
  ['from testkit', 'packages/testkit/src/q.ts', '@memkeep/core', 'testkit-stands-alone'],
  ['from a local server', 'packages/local-server/src/ab.ts', '@memkeep/core', 'local-server-stands-alone'],
  [
    'from a local server, in a test',
    'packages/local-server/src/ac.test.ts',
    '@memkeep/testkit',
    'local-server-stands-alone',
  ],
  [
    'to a local server, in a test of a layer',
    'packages/tls/src/ad.test.ts',
    '@memkeep/local-server',
    'local-server-is-for-the-command',
  ],
  ['to a local server, from core', 'packages/core/src/ae.ts', '@memkeep/local-server', 'floors-core'],
  ['inside from an example', 'examples/r/main.mjs', '@memkeep/core/internal', 'internal-is-for-packages'],
  ['deeper inside from one', 'examples/ag/main.mjs', 'memkeep/internal/bench', 'internal-is-for-packages'],
  ['of nothing that is there', 'packages/core/src/s.ts', 'left-pad', 'no-unresolved'],
]

let house
let violations

/** Builds a house of empty packages, with the names and faces of the real one, and all those imports in it. */
beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'memkeep-house-'))
  await copyFile(join(ROOT, 'tsconfig.base.json'), join(house, 'tsconfig.base.json'))
  await mkdir(join(house, 'node_modules/@memkeep'), { recursive: true })
  for (const name of PACKAGES) {
    const exports = {
      '.': { '@memkeep/source': './src/index.ts' },
      './internal': './src/internal.ts',
      './internal/bench': './src/bench/internal.ts',
      './src/*': './src/*',
    }
    const dependencies = Object.fromEntries(PACKAGES.map((other) => [packageName(other), '*']))
    await write(
      `packages/${name}/package.json`,
      JSON.stringify({ name: packageName(name), exports, dependencies }),
    )
    await write(`packages/${name}/src/index.ts`, 'export const a = 1\n')
    await write(`packages/${name}/src/internal.ts`, 'export const b = 1\n')
    await write(`packages/${name}/src/inside.ts`, 'export const d = 1\n')
    await write(`packages/${name}/src/bench/internal.ts`, 'export const c = 1\n')
    await symlink(join(house, 'packages', name), join(house, 'node_modules', packageName(name)))
  }
  for (const [, path, specifier] of [...ALLOWED, ...REFUSED]) {
    await write(path, `import * as x from '${specifier}'\nexport { x }\n`)
  }
  const { stdout } = await cruise('-T', 'json')
  violations = JSON.parse(stdout).summary.violations
})

afterAll(() => rm(house, { recursive: true }))

/** Runs what `npm run boundaries` runs, in that house. */
function cruise(...options) {
  const args = ['--config', join(ROOT, '.dependency-cruiser.mjs'), ...options, 'packages', 'examples']
  return promisify(execFile)(join(ROOT, 'node_modules/.bin/depcruise'), args, { cwd: house })
}

/** All but the top have the scope. */
const packageName = (folder) => (folder === 'memkeep' ? folder : `@memkeep/${folder}`)

async function write(path, text) {
  await mkdir(dirname(join(house, path)), { recursive: true })
  await writeFile(join(house, path), text)
}

/** The names of the rules that a file breaks. */
function brokenBy(path) {
  return violations.filter(({ from }) => from === path).map(({ rule }) => rule.name)
}

describe('the floors', () => {
  it('fail the check when one import is refused', async () => {
    await expect(cruise()).rejects.toMatchObject({ code: expect.any(Number) })
  })

  it.each(ALLOWED)('allow an import %s', (_, path) => {
    expect(brokenBy(path)).toEqual([])
  })

  it.each(REFUSED)('refuse an import %s', (_, path, _specifier, rule) => {
    expect(brokenBy(path)).toContain(rule)
  })
})
