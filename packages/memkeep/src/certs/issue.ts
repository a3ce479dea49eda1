// what @peculiar/x509 finds its parts with; it must come first
import 'reflect-metadata'
import { randomBytes } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  type Extension,
} from '@peculiar/x509'
import { readAuthority, signBy, signSelf, type CertificatePair } from './authority.ts'
import { parseHosts } from './hosts.ts'
import { generateKey, importKey } from './private-key.ts'
import { AUTHORITY_DAYS, LEAF_DAYS, MAX_LEAF_DAYS, validityOf } from './validity.ts'

/** What every certificate may be told. */
export interface IssueOptions {
  /** Days that it is good for. */
  readonly days?: number
  /** Default: the time of the call. */
  readonly now?: Date
}

/** The longest common name (RFC 5280, appendix A). */
const MAX_COMMON_NAME = 64

/**
 * Makes a certificate authority that issues no other authority, with a P-256 key.
 *
 * @param options.days default and most: 3,650
 * @param options.name its common name. Default: one that no other authority has
 * @throws RangeError for other days, TypeError for a name that is empty or too long
 */
export async function createAuthority({
  name = `Memkeep development CA ${randomBytes(4).toString('hex')}`,
  days = AUTHORITY_DAYS,
  now = new Date(),
}: IssueOptions & { readonly name?: string } = {}): Promise<CertificatePair> {
  const subject = commonName(name)
  const validity = validityOf(days, AUTHORITY_DAYS, now)
  const key = await generateKey()
  const cert = await signSelf({
    subject,
    keys: await importKey(key),
    ...validity,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  return { cert, key }
}

/**
 * Issues a server's certificate, with a new P-256 key. It ends with its authority at the latest.
 *
 * @param options.hosts the DNS names and IP addresses that clients write in `servers`
 * @param options.days default: 90; most: 825
 * @throws RangeError for other days, TypeError for hosts that are none
 * @throws MemkeepError as `readAuthority`
 */
export async function issueServer(
  authority: CertificatePair,
  { hosts, ...options }: IssueOptions & { readonly hosts: readonly string[] },
): Promise<CertificatePair> {
  const names = parseHosts(hosts)
  const short = names.find(({ value }) => value.length <= MAX_COMMON_NAME)?.value ?? 'memcached'
  return issueLeaf(authority, short, options, [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(names.map(({ type, value }) => ({ type, value }))),
  ])
}

/**
 * Issues a client's certificate, with a new P-256 key. It ends with its authority at the latest.
 *
 * @param options.name the service's, as its common name: for people, since memcached compares no names
 * @param options.days default: 90; most: 825
 * @throws RangeError for other days, TypeError for a name that is empty or too long
 * @throws MemkeepError as `readAuthority`
 */
export async function issueClient(
  authority: CertificatePair,
  { name, ...options }: IssueOptions & { readonly name: string },
): Promise<CertificatePair> {
  return issueLeaf(authority, name, options, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])])
}

async function issueLeaf(
  authority: CertificatePair,
  name: string,
  { days = LEAF_DAYS, now = new Date() }: IssueOptions,
  usage: readonly Extension[],
): Promise<CertificatePair> {
  const subject = commonName(name)
  const validity = validityOf(days, MAX_LEAF_DAYS, now)
  const signer = await readAuthority(authority, now)
  const key = await generateKey()
  const cert = await signBy(signer, {
    subject,
    keys: await importKey(key),
    ...validity,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      ...usage,
    ],
  })
  return { cert, key }
}

function commonName(name: string): Name {
  // a control character in a name is a mistake, or a trick on whoever reads it in a terminal
  if (name === '' || name.length > MAX_COMMON_NAME || /\p{Cc}/u.test(name)) {
    throw new TypeError(
      `name must have 1 to ${String(MAX_COMMON_NAME)} characters, none of them control characters`,
    )
  }
  // a bare string would be read for quotes and escapes
  return new Name([{ CN: [{ utf8String: name }] }])
}
