import { createPrivateKey, createPublicKey, type KeyObject, webcrypto } from 'node:crypto'
import { MemkeepError } from '@memkeep/core'

/** How keys sign. */
type SigningAlgorithm = webcrypto.EcKeyImportParams & webcrypto.RsaHashedImportParams

/** A key pair as WebCrypto has it. */
export interface SigningKeys {
  readonly privateKey: webcrypto.CryptoKey
  readonly publicKey: webcrypto.CryptoKey
  /** What signatures with it are made with. */
  readonly algorithm: { readonly name: string; readonly hash: string }
}

/** A digest as long as the curve's order (FIPS 186-5, section 6.4). */
const CURVES: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
}
const LEAST_RSA_BITS = 2048

/** A new private key (P-256, PKCS #8), as PEM. */
export async function generateKey(): Promise<string> {
  const { privateKey } = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey))
  const pem = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  })
  der.fill(0)
  return pem.toString()
}

/**
 * Takes a private key (PEM: PKCS #8, SEC 1 or PKCS #1) in.
 *
 * @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL`, `ERR_MEMKEEP_TLS_PASSPHRASE_REQUIRED`, `ERR_MEMKEEP_TLS_WEAK_KEY`
 */
export async function importKey(pem: string): Promise<SigningKeys> {
  const key = parseKey(pem)
  const algorithm = algorithmOf(key)
  const [pkcs8, spki] = [
    key.export({ format: 'der', type: 'pkcs8' }),
    createPublicKey(key).export({ format: 'der', type: 'spki' }),
  ]
  try {
    const [privateKey, publicKey] = await Promise.all([
      webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']),
      webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']),
    ])
    return { privateKey, publicKey, algorithm: { name: algorithm.name, hash: algorithm.hash as string } }
  } finally {
    pkcs8.fill(0)
  }
}

function parseKey(pem: string): KeyObject {
  if (pem.includes('ENCRYPTED')) {
    throw new MemkeepError(
      'ERR_MEMKEEP_TLS_PASSPHRASE_REQUIRED',
      'The private key is encrypted, and memkeep takes no passphrase: decrypt it with `openssl pkey -in … -out …`.',
    )
  }
  try {
    return createPrivateKey(pem)
  } catch {
    // the cause may quote the key
    throw new MemkeepError(
      'ERR_MEMKEEP_TLS_MATERIAL',
      'The private key is no PEM that can be read: was it cut off?',
    )
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): SigningAlgorithm {
  const { namedCurve = '', modulusLength = 0 } = asymmetricKeyDetails
  const curve = CURVES[namedCurve]
  if (asymmetricKeyType === 'ec' && curve !== undefined) return { name: 'ECDSA', ...curve }
  if (asymmetricKeyType === 'rsa' && modulusLength >= LEAST_RSA_BITS) {
    return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as SigningAlgorithm
  }
  if (asymmetricKeyType === 'rsa') {
    throw new MemkeepError(
      'ERR_MEMKEEP_TLS_WEAK_KEY',
      `The private key is RSA of ${String(modulusLength)} bits: make one of ${String(LEAST_RSA_BITS)} or more.`,
    )
  }
  throw new MemkeepError(
    'ERR_MEMKEEP_TLS_MATERIAL',
    'The private key is of a kind that memkeep does not sign with: take a P-256 key, or RSA.',
  )
}
