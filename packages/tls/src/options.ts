import { createSecureContext, type SecureContext } from 'node:tls'
import { MemkeepError } from '@memkeep/core'
import { assertOptions } from '@memkeep/core/internal'

/** Certificates or a private key as PEM. */
export type Pem = string | Buffer

/** Options of `tls`. Those that Node's `tls.connect` has too are named and meant as there. */
export interface TlsOptions {
  /** The certificate authorities to trust, as PEM. Given, they replace the system's. */
  readonly ca?: Pem | readonly Pem[]
  /** Our own certificate (chain) for mutual TLS, as PEM. Needs `key`. */
  readonly cert?: Pem
  /** The private key of `cert`, as PEM. */
  readonly key?: Pem
  /** What `key` is encrypted with. */
  readonly passphrase?: string
  /** The name to expect in the server's certificate. Default: the host as written. Needed on a Unix socket. */
  readonly servername?: string
  /** The oldest version to accept. Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
}

const KNOWN = ['ca', 'cert', 'key', 'passphrase', 'servername', 'minVersion'] as const

/** Refuses unknown options by name, and the one that would switch verification off with the reason. */
export function assertTlsOptions(options: TlsOptions): void {
  if ('rejectUnauthorized' in options) {
    throw new TypeError(
      'tls: there is no "rejectUnauthorized": verification stays on. For a private CA hand in its certificate as "ca".',
    )
  }
  assertOptions('tls', options, KNOWN)
  const minVersion: unknown = options.minVersion
  if (minVersion !== undefined && minVersion !== 'TLSv1.2' && minVersion !== 'TLSv1.3') {
    throw new RangeError('tls: "minVersion" must be TLSv1.2 or TLSv1.3')
  }
}

/**
 * Loads certificates and key once, so that a bad file is an error at construction and not at the first request.
 *
 * @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL`
 */
export function loadMaterial(options: TlsOptions): SecureContext {
  const { ca, cert, key, passphrase, minVersion = 'TLSv1.2' } = options
  if ((cert === undefined) !== (key === undefined)) {
    throw material('"cert" and "key" belong together: hand in both for mutual TLS, or neither.')
  }
  for (const pem of ca === undefined ? [] : [ca].flat()) {
    if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
      throw material('"ca" holds no PEM certificate: hand in the text of the file, not its path.')
    }
  }
  try {
    return createSecureContext({
      minVersion,
      ...(ca !== undefined && { ca: typeof ca === 'string' || Buffer.isBuffer(ca) ? ca : [...ca] }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(passphrase !== undefined && { passphrase }),
    })
  } catch (cause) {
    throw material(
      'The certificate or key does not load: check that each is PEM, that the key belongs to the certificate, and the passphrase.',
      cause,
    )
  }
}

function material(message: string, cause?: unknown): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_TLS_MATERIAL', message, { cause })
}
