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
import type { AuthorityOptions, ClientOptions, IssueOptions, ServerOptions } from './issue-options.ts'
import { generateKey, importKey } from './private-key.ts'
import { AUTHORITY_DAYS, LEAF_DAYS, MAX_LEAF_DAYS, validityOf } from './validity.ts'

/** The longest common name (RFC 5280, appendix A). */
const MAX_COMMON_NAME = 64

/** What `createAuthority` of issue.ts does, which loads this when it is needed. */
export async function createAuthority({
  name = `Memkeep development CA ${randomBytes(4).toString('hex')}`,
  days = AUTHORITY_DAYS,
  now = new Date(),
}: AuthorityOptions): Promise<CertificatePair> {
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

/** What `issueServer` of issue.ts does, which loads this when it is needed. */
export async function issueServer(
  authority: CertificatePair,
  { hosts, ...options }: ServerOptions,
): Promise<CertificatePair> {
  const names = parseHosts(hosts)
  const short = names.find(({ value }) => value.length <= MAX_COMMON_NAME)?.value ?? 'memcached'
  return issueLeaf(authority, short, options, [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(names.map(({ type, value }) => ({ type, value }))),
  ])
}

/** What `issueClient` of issue.ts does, which loads this when it is needed. */
export async function issueClient(
  authority: CertificatePair,
  { name, ...options }: ClientOptions,
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
