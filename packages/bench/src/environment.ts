import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, cpus, platform } from 'node:os'
import { findMemcached } from '@memkeep/testkit'
import type { Contestant } from './contestants/contestant.ts'

/** Where and when it was measured. */
export interface Environment {
  readonly date: string
  readonly node: string
  readonly memcached: string
  readonly platform: string
  readonly cpus: number
  readonly cpuModel: string
  /** Versions of the npm packages of others; those that are not installed are missing. */
  readonly packages: Readonly<Record<string, string>>
}

/** Looks around. */
export async function describeEnvironment(contestants: readonly Contestant[]): Promise<Environment> {
  const names = new Set(contestants.flatMap((contestant) => contestant.package ?? []))
  const versions = await Promise.all([...names].map(async (name) => [name, await versionOf(name)] as const))
  return {
    date: new Date().toISOString(),
    node: process.version,
    memcached: (await findMemcached()).version,
    platform: `${platform()} ${arch()}`,
    cpus: cpus().length,
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    packages: Object.fromEntries(
      versions.flatMap(([name, version]) => (version === undefined ? [] : [[name, version]])),
    ),
  }
}

async function versionOf(name: string): Promise<string | undefined> {
  try {
    const path = createRequire(import.meta.url).resolve(`${name}/package.json`)
    const { version } = JSON.parse(await readFile(path, 'utf8')) as { readonly version?: string }
    return version
  } catch {
    return undefined
  }
}
