import type { CertificateDescription } from './certificate.ts'

/** One open connection. */
export interface ConnectionDescription {
  /** The server as the user wrote it. */
  readonly server: string
  readonly since: Date
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string
  /** The cipher suite, by its standard name. */
  readonly cipher: string
  /** Whether an earlier session was resumed. */
  readonly resumed: boolean
  /** Whether it was made with certificates that were replaced since, and waits for being replaced too. */
  readonly retiring: boolean
  /** The server's certificate; undefined when it showed none. */
  readonly certificate: CertificateDescription | undefined
}

/** What a transport does, trusts and shows. Nothing in it is secret. */
export interface TlsDescription {
  readonly transport: 'tls'
  /** `skipped` by `dangerouslySkipVerification`: anybody is taken for the server. */
  readonly verification: 'on' | 'skipped'
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** As given; undefined for Node's. */
  readonly ciphers: string | undefined
  /** The name expected in the server's certificate; undefined for the host as written. */
  readonly servername: string | undefined
  readonly pins: readonly string[]
  /** Whether Node's default authorities are trusted. */
  readonly trustsDefaultCa: boolean
  /** The authorities that were given. */
  readonly authorities: readonly CertificateDescription[]
  /** How many revocation lists were given. */
  readonly revocationLists: number
  /** Our own certificate. */
  readonly own: CertificateDescription | undefined
  /** The files that are watched. */
  readonly files: readonly string[]
  /** Since when what is loaded is in use. */
  readonly loadedAt: Date
  /** Why the files as they are now were not taken; undefined when they were. */
  readonly reloadError: Error | undefined
  readonly connections: readonly ConnectionDescription[]
}
