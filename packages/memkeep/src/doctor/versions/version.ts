/** A version of memcached, in its parts. */
export type Version = readonly [major: number, minor: number, patch: number]

/**
 * Reads a version as memcached tells it: `1.6.18`, and `1.6.45_2_g0123abc` of a build between two releases. Undefined
 * for what is none of memcached's, such as a proxy's.
 */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /^(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?![\d.])/.exec(text) ?? []
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)]
}

/** Negative where the first is older, positive where it is newer. */
export function compareVersions(first: Version, second: Version): number {
  return first[0] - second[0] || first[1] - second[1] || first[2] - second[2]
}

/** `1.6.18`. */
export function formatVersion(version: Version): string {
  return version.join('.')
}
