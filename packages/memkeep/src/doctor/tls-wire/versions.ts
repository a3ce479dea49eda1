/** The versions of the protocol, the oldest first, by the numbers that they have on the wire. */
export const TLS_VERSIONS = [
  { name: 'SSL 3.0', code: 0x0300 },
  { name: 'TLS 1.0', code: 0x0301 },
  { name: 'TLS 1.1', code: 0x0302 },
  { name: 'TLS 1.2', code: 0x0303 },
  { name: 'TLS 1.3', code: 0x0304 },
] as const

export type TlsVersion = (typeof TLS_VERSIONS)[number]

/** A version's name, or its number where it has none. */
export function versionName(code: number): string {
  return TLS_VERSIONS.find((version) => version.code === code)?.name ?? `version 0x${code.toString(16)}`
}
