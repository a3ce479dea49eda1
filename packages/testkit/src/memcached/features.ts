import { findMemcached } from '@memkeep/local-server'

/** The memcached under test, and what depends on its version. */
export interface ServerFeatures {
  readonly version: string
  /** Meta commands in today's form, since 1.6.10; an older `ms` runs the bytes of its value as commands. */
  readonly metaCommands: boolean
  /** Every protocol that a client can choose for it, the best of the text family first. */
  readonly protocols: readonly ('meta' | 'text' | 'binary')[]
  /** Whether `stats settings` shows `shutdown_command`, since 1.6.10. */
  readonly shutdownSetting: boolean
  /** Whether `stats extstore` without extstore is safe to send; it crashes memcached before 1.6.10 that is built with it. */
  readonly extstoreStats: boolean
  /** The option `-o ssl_min_version`, since 1.6.11; before, memcached always refuses TLS 1.0 and 1.1. */
  readonly minTlsVersion: boolean
}

/**
 * Finds out what the memcached under test can do: the one that `MEMKEEP_MEMCACHED` names, else the system's.
 *
 * @throws Error when no memcached is installed
 */
export async function findServerFeatures(): Promise<ServerFeatures> {
  const { version } = await findMemcached()
  const metaCommands = isSince(version, [1, 6, 10])
  return {
    version,
    metaCommands,
    protocols: metaCommands ? ['meta', 'text', 'binary'] : ['text', 'binary'],
    shutdownSetting: isSince(version, [1, 6, 10]),
    extstoreStats: isSince(version, [1, 6, 10]) || !isSince(version, [1, 6, 0]),
    minTlsVersion: isSince(version, [1, 6, 11]),
  }
}

/** Whether a version is the given one or later. */
export function isSince(version: string, since: readonly number[]): boolean {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10))
  for (const [index, wanted] of since.entries()) {
    const part = parts[index] ?? 0
    if (part !== wanted) return part > wanted
  }
  return true
}
