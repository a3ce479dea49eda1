// what @peculiar/x509 finds its parts with; it must come first
import 'reflect-metadata'
import { createPrivateKey } from 'node:crypto'
import { MemkeepError } from '@memkeep/core'
import {
  AuthorityKeyIdentifierExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  type Extension,
} from '@peculiar/x509'
import { readAuthority, signBy, signSelf, type CertificatePair } from './authority.ts'
import type { IssueOptions } from './issue-options.ts'
import { parseCertificates } from './pem.ts'
import { generateKey, importKey } from './private-key.ts'
import { AUTHORITY_DAYS, LEAF_DAYS, MAX_LEAF_DAYS, validityOf } from './validity.ts'

/**
 * Issues a certificate anew: the same subject, names and usages, other dates and serial.
 *
 * The key stays unless `newKey`: one file is replaced and not two, which servers that read them in between would find
 * not to fit together, and pins of the key hold.
 *
 * @param options.days default: 90; most: 825
 * @throws MemkeepError `ERR_MEMKEEP_TLS_KEY_MISMATCH` when the key is not the certificate's; as `readAuthority`
 * @throws RangeError for other days
 */
export async function renewLeaf(
  authority: CertificatePair,
  { cert, key }: CertificatePair,
  { days = LEAF_DAYS, now = new Date(), newKey = false }: IssueOptions & { readonly newKey?: boolean } = {},
): Promise<CertificatePair> {
  const validity = validityOf(days, MAX_LEAF_DAYS, now)
  const signer = await readAuthority(authority, now)
  const [own, ...chain] = parseCertificates(cert)
  if (!own.checkPrivateKey(createPrivateKey(key))) throw mismatch()
  const old = new X509Certificate(own.raw)
  const renewedKey = newKey ? await generateKey() : key
  const renewed = await signBy(signer, {
    subject: old.subjectName,
    keys: await importKey(renewedKey),
    ...validity,
    extensions: old.extensions.filter((extension) => !isKeyIdentifier(extension)),
  })
  // with what stands between it and the root
  return { cert: [renewed, ...chain.map(({ raw }) => pemOf(raw))].join(''), key: renewedKey }
}

/**
 * Makes an authority's certificate anew with its key and name, so that what it issued goes on being good. Of several
 * certificates that which belongs to the key is replaced.
 *
 * @param options.days default and most: 3,650
 * @throws MemkeepError `ERR_MEMKEEP_TLS_KEY_MISMATCH`, `ERR_MEMKEEP_TLS_INVALID_CHAIN` for one that is no root
 * @throws RangeError for other days
 */
export async function renewAuthority(
  { cert, key }: CertificatePair,
  { days = AUTHORITY_DAYS, now = new Date() }: IssueOptions = {},
): Promise<CertificatePair> {
  const validity = validityOf(days, AUTHORITY_DAYS, now)
  const certificates = parseCertificates(cert)
  const keys = await importKey(key)
  const own = certificates.find((certificate) => certificate.checkPrivateKey(createPrivateKey(key)))
  if (own === undefined) throw mismatch()
  if (!own.ca || !own.checkIssued(own)) {
    throw new MemkeepError(
      'ERR_MEMKEEP_TLS_INVALID_CHAIN',
      'The certificate is not that of a root authority: have the one that issued it renew it.',
    )
  }
  const old = new X509Certificate(own.raw)
  const renewed = await signSelf({
    subject: old.subjectName,
    keys,
    ...validity,
    extensions: old.extensions,
  })
  const all = certificates.map((certificate) => (certificate === own ? renewed : pemOf(certificate.raw)))
  return { cert: all.join(''), key }
}

function isKeyIdentifier(extension: Extension): boolean {
  return (
    extension instanceof SubjectKeyIdentifierExtension || extension instanceof AuthorityKeyIdentifierExtension
  )
}

function pemOf(raw: Uint8Array): string {
  return `${new X509Certificate(raw).toString('pem')}\n`
}

function mismatch(): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_TLS_KEY_MISMATCH',
    'The private key does not belong to the certificate: is one of the files from before a renewal?',
  )
}
