// what @peculiar/x509 finds its parts with; it must come first
import 'reflect-metadata'
import { createHash, type KeyObject, type X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { X509Certificate as ParsedCertificate } from '@peculiar/x509'
import type { CheckContext } from '../../check.ts'
import { displayBytes } from '@memkeep/core/internal'
import { wordedEvidence } from '../../evidence.ts'
import type { Evidence, Finding } from '../../finding.ts'
import { found } from '../found.ts'
import { TLS_RULES as RULES } from './rules.ts'

const DAY = 86_400_000
/** Days before its end from which on a certificate expires soon, or a third of its life if that is less. */
const SOON_DAYS = 14
const MIN_RSA_BITS = 2_048
/** Curves that are shorter than 224 bits, or that nobody should use, are all those that are not here. */
const GOOD_CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])
const BROKEN_HASH = /^(SHA-1|MD5)$/

/** Judges what a certificate says of itself, whoever vouches for it. */
export function judgeCertificate(context: CheckContext, chain: readonly X509Certificate[]): Finding[] {
  const [own, ...issuers] = chain
  if (own === undefined) return []
  const evidence = [certificateEvidence(own)]
  const findings = [...judgeDates(context, own, evidence), ...judgeName(context, own, evidence)]
  const key = describeKey(own)
  if (isWeakKey(own)) findings.push(found(context, RULES.weakKey, { detail: key, evidence }))
  // a root's signature proves nothing: it is trusted, or not, as it is
  const signed = [own, ...issuers].filter((each) => each === own || !isSelfIssued(each))
  const weak = signed.filter((each) => BROKEN_HASH.test(hashOf(each) ?? ''))
  if (weak.length > 0) {
    const detail = weak.map((each) => `${String(hashOf(each))} on ${oneLine(each.subject)}`).join('; ')
    findings.push(found(context, RULES.weakSignature, { detail, evidence }))
  }
  return findings
}

/** What a certificate is, on one line. */
export function describeCertificate(certificate: X509Certificate): string {
  const names = displayBytes(certificate.subjectAltName ?? 'no subjectAltName')
  const hash = hashOf(certificate) ?? 'an unknown hash'
  const ends = new Date(certificate.validTo)
  return `${oneLine(certificate.subject)}, for ${names}; ${describeKey(certificate)}, signed over ${hash} by ${oneLine(certificate.issuer)}; ends ${isoDay(ends)}`
}

/** Whether a certificate is signed by its own key. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  try {
    return isSelfIssued(certificate) && certificate.verify(certificate.publicKey)
  } catch {
    // a key that this OpenSSL does not know
    return false
  }
}

export function certificateEvidence(certificate: X509Certificate): Evidence {
  const print = createHash('sha256').update(certificate.raw).digest('hex')
  return wordedEvidence(
    'TLS handshake',
    `certificate ${oneLine(certificate.subject)}, SHA-256 ${print}, valid ${isoDay(new Date(certificate.validFrom))} to ${isoDay(new Date(certificate.validTo))}`,
  )
}

function judgeDates(context: CheckContext, own: X509Certificate, evidence: readonly Evidence[]): Finding[] {
  const now = Date.now()
  const [from, to] = [Date.parse(own.validFrom), Date.parse(own.validTo)]
  if (to <= now) {
    return [found(context, RULES.expired, { detail: `since ${isoDay(new Date(to))}`, evidence })]
  }
  if (from > now) {
    return [found(context, RULES.notYetValid, { detail: `before ${isoDay(new Date(from))}`, evidence })]
  }
  const soon = Math.min(SOON_DAYS * DAY, (to - from) / 3)
  if (to - now > soon) return []
  const days = Math.floor((to - now) / DAY)
  return [
    found(context, RULES.expiresSoon, {
      detail: `in ${String(days)} ${days === 1 ? 'day' : 'days'}, on ${isoDay(new Date(to))}`,
      evidence,
    }),
  ]
}

/** Goes by the subjectAltName alone (RFC 9525, section 6.3), as clients do. */
function judgeName(
  { name, ...context }: CheckContext,
  own: X509Certificate,
  evidence: readonly Evidence[],
): Finding[] {
  if (name === undefined) return []
  const bare = name.replace(/\.$/, '')
  const fits = isIP(bare) === 0 ? own.checkHost(bare, { subject: 'never' }) : own.checkIP(bare)
  if (fits !== undefined) return []
  const names = displayBytes(own.subjectAltName ?? 'no name in a subjectAltName')
  return [found(context, RULES.wrongName, { detail: `for ${names}, not ${bare}`, evidence })]
}

function describeKey(certificate: X509Certificate): string {
  const { asymmetricKeyType = 'unknown key', asymmetricKeyDetails: details } = keyOf(certificate) ?? {}
  const type = asymmetricKeyType.toUpperCase()
  if (details?.modulusLength !== undefined) return `${type} ${String(details.modulusLength)}`
  return details?.namedCurve === undefined ? type : `${type} ${details.namedCurve}`
}

function isWeakKey(certificate: X509Certificate): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = keyOf(certificate) ?? {}
  if (type === 'ec') return !GOOD_CURVES.has(details?.namedCurve ?? '')
  if (type === 'dsa') return true
  return details?.modulusLength !== undefined && details.modulusLength < MIN_RSA_BITS
}

/** What its signature is over; undefined where that is not to be told, as with Ed25519. */
function hashOf(certificate: X509Certificate): string | undefined {
  try {
    const { signatureAlgorithm } = new ParsedCertificate(certificate.raw)
    const { hash } = signatureAlgorithm as { readonly hash?: string | { readonly name: string } }
    return typeof hash === 'string' ? hash : hash?.name
  } catch {
    return undefined
  }
}

function isSelfIssued({ subject, issuer }: X509Certificate): boolean {
  return subject === issuer
}

/** A distinguished name, which Node prints a line for each part, on one; whoever made it may have put anything in. */
export function oneLine(name: string): string {
  return displayBytes(name.split('\n').join(', '))
}

/** The key, where this OpenSSL knows its kind. */
function keyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey
  } catch {
    return undefined
  }
}

function isoDay(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an unknown day' : date.toISOString().slice(0, 10)
}
