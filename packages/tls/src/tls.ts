import type { TlsOptions } from './options.ts'
import { TlsTransport } from './tls-transport.ts'

/**
 * The TLS transport (RFC 8446, RFC 5246): verifies chain, name, pins and revocation lists, speaks TLS 1.2 or later,
 * does mutual TLS when given `cert` and `key` (or `pfx`), resumes sessions, and takes changed files into use while
 * connections are open.
 *
 * `connect` rejects with a MemkeepError, one code for each cause that can be mended: the table in this package's
 * README.
 *
 * @example
 * const transport = tls({ ca: { file: 'ca.pem' }, cert: { file: 'client.pem' }, key: { file: 'client.key' } })
 * const client = new MemcachedClient({ servers: 'memcacheds://cache.example', transport })
 * @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL`, `_KEY_MISMATCH`, `_PASSPHRASE_REQUIRED`, `_PASSPHRASE_WRONG`,
 * `_CLIENT_CERTIFICATE_EXPIRED`, when certificates or key cannot be used
 * @throws TypeError, RangeError for an unknown option, or one that is none
 */
export function tls(options: TlsOptions = {}): TlsTransport {
  return new TlsTransport(options)
}
