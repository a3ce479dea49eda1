import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** What starts memcached or another program, or looks for one that is installed. */
const PROGRAMS =
  /\b(startMemcached|testkit\/contract|startLocalServer|findServerFeatures|findMemcached|findMissing|findChromium|runIdleProcess|occupyConnections|measureAdapters|measureEncryption|node:child_process)\b/
const IMPORTS = /from '(\.[^']+)'|import\('(\.[^']+)'\)/g

/** Test files below a folder. */
export interface TestFiles {
  /** Those that need nothing but Node: neither they nor the test helpers that they import start a program. */
  readonly unit: readonly string[]
  /** Those that start memcached or another program. */
  readonly server: readonly string[]
}

/** Finds the test files below a folder, and which of them start programs. */
export function findTests(folder: string): TestFiles {
  const files = testsIn(folder).map((file) => ({
    path: relative(folder, file),
    isServer: startsPrograms(file, new Set()),
  }))
  return {
    unit: files.flatMap(({ path, isServer }) => (isServer ? [] : [path])),
    server: files.flatMap(({ path, isServer }) => (isServer ? [path] : [])),
  }
}

function testsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : testsIn(path)
    return /\.test\.(ts|mjs)$/.test(entry.name) ? [path] : []
  })
}

function startsPrograms(file: string, seen: Set<string>): boolean {
  if (seen.has(file) || !existsSync(file)) return false
  seen.add(file)
  const text = readFileSync(file, 'utf8')
  if (PROGRAMS.test(text)) return true
  return [...text.matchAll(IMPORTS)].some(([, one = '', other = '']) => {
    const imported = resolve(dirname(file), one || other)
    return isTestCode(imported) && startsPrograms(imported, seen)
  })
}

function isTestCode(path: string): boolean {
  return /\/test\/|\.test\.|\/scripts\//.test(path)
}
