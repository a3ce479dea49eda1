/** Every way in which the tests run memcached. */
export const POSTURES = [
  'plain',
  'tls',
  'mutual-tls',
  'ascii-auth',
  'sasl',
  'tls+ascii-auth',
  'tls+sasl',
  'mutual-tls+sasl',
] as const

/** One way of running memcached. */
export type Posture = (typeof POSTURES)[number]

/** What a posture has on. */
export interface PostureParts {
  readonly tls: boolean
  readonly clientCertificate: boolean
  readonly auth: 'none' | 'ascii' | 'sasl'
}

/** Takes a posture's name apart. */
export function partsOf(posture: Posture): PostureParts {
  const parts = posture.split('+')
  const clientCertificate = parts.includes('mutual-tls')
  return {
    tls: clientCertificate || parts.includes('tls'),
    clientCertificate,
    auth: parts.includes('sasl') ? 'sasl' : parts.includes('ascii-auth') ? 'ascii' : 'none',
  }
}
