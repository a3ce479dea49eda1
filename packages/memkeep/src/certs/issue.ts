import type { CertificatePair } from './authority.ts'
import type { AuthorityOptions, ClientOptions, ServerOptions } from './issue-options.ts'

// the library behind it takes longer to load than all else together, and most commands do without

/**
 * Makes a certificate authority that issues no other authority, with a P-256 key.
 *
 * @param options.days default and most: 3,650
 * @throws RangeError for other days, TypeError for a name that is empty or too long
 */
export async function createAuthority(options: AuthorityOptions = {}): Promise<CertificatePair> {
  const library = await import('./issue-certificates.ts')
  return library.createAuthority(options)
}

/**
 * Issues a server's certificate, with a new P-256 key. It ends with its authority at the latest.
 *
 * @param options.days default: 90; most: 825
 * @throws RangeError for other days, TypeError for hosts that are none
 * @throws MemkeepError as `readAuthority`
 */
export async function issueServer(
  authority: CertificatePair,
  options: ServerOptions,
): Promise<CertificatePair> {
  const library = await import('./issue-certificates.ts')
  return library.issueServer(authority, options)
}

/**
 * Issues a client's certificate, with a new P-256 key. It ends with its authority at the latest.
 *
 * @param options.days default: 90; most: 825
 * @throws RangeError for other days, TypeError for a name that is empty or too long
 * @throws MemkeepError as `readAuthority`
 */
export async function issueClient(
  authority: CertificatePair,
  options: ClientOptions,
): Promise<CertificatePair> {
  const library = await import('./issue-certificates.ts')
  return library.issueClient(authority, options)
}
