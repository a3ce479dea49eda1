import type { Posture } from '@memkeep/testkit'

/** Which layers a row of the table has on. */
export interface Layers {
  readonly tls: boolean
  readonly clientCertificate: boolean
  readonly sasl: boolean
  readonly encryption: boolean
}

/** One way of running memcached that is put to the test. */
export interface Row extends Layers {
  readonly name: string
  /** How the server is started. */
  readonly server: Posture
}

const NONE: Layers = { tls: false, clientCertificate: false, sasl: false, encryption: false }
const TLS = { tls: true } as const
const MUTUAL_TLS = { tls: true, clientCertificate: true } as const
const SASL = { sasl: true } as const
const ENCRYPTION = { encryption: true } as const

/** The table's rows, from nothing to everything. */
export const ROWS: readonly Row[] = [
  { ...NONE, name: 'nothing', server: 'plain' },
  { ...NONE, ...TLS, name: 'TLS', server: 'tls' },
  { ...NONE, ...MUTUAL_TLS, name: 'mutual TLS', server: 'mutual-tls' },
  { ...NONE, ...SASL, name: 'SASL', server: 'sasl' },
  { ...NONE, ...ENCRYPTION, name: 'encryption', server: 'plain' },
  { ...NONE, ...TLS, ...SASL, ...ENCRYPTION, name: 'TLS + SASL + encryption', server: 'tls+sasl' },
  {
    ...NONE,
    ...MUTUAL_TLS,
    ...SASL,
    ...ENCRYPTION,
    name: 'mutual TLS + SASL + encryption',
    server: 'mutual-tls+sasl',
  },
]
