import { webcrypto } from 'node:crypto'

/** What kind of key a certificate is for. RSA-1024 is there to be refused. */
export type KeyType = 'P-256' | 'RSA-1024' | 'RSA-2048' | 'RSA-4096'

/** What a signature is made over. SHA-1 is there to be refused; it needs an issuer with a P-256 key. */
export type SignatureHash = 'SHA-1' | 'SHA-256'

/** Makes a key pair that may sign. */
export function makeKeys(keyType: KeyType = 'P-256'): Promise<webcrypto.CryptoKeyPair> {
  const algorithm =
    keyType === 'P-256'
      ? { name: 'ECDSA', namedCurve: 'P-256' }
      : {
          name: 'RSASSA-PKCS1-v1_5',
          modulusLength: Number(keyType.slice('RSA-'.length)),
          publicExponent: new Uint8Array([1, 0, 1]),
          hash: 'SHA-256',
        }
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

/** How a key signs. */
export function signingAlgorithm(
  { algorithm }: webcrypto.CryptoKey,
  hash: SignatureHash = 'SHA-256',
): { readonly name: string; readonly hash: string } {
  return { name: algorithm.name, hash }
}

/** A private key as PEM (PKCS #8). */
export async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n')
}
