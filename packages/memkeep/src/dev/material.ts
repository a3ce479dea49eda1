import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { readPrivateFile } from '@memkeep/core/internal'
import { generateKeyset, Keyring } from '@memkeep/encryption'
import type { CertificatePair } from '../certs/authority.ts'
import { createAuthority, issueClient, issueServer } from '../certs/issue.ts'
import { replaceFile, type FileKind } from '../files/write-file.ts'
import type { DevFiles } from './folder.ts'

const DAY = 86_400_000
/** How long before its end a certificate is made anew, in milliseconds: dev may run for weeks. */
const RENEW_BEFORE = 30 * DAY
/** The names that a server on loopback is reached by. */
const HOSTS = ['localhost', '127.0.0.1', '::1']
/** Who the server knows. */
const USERNAME = 'memkeep'
const PASSWORD_BYTES = 24

const CERTIFICATE: FileKind = { code: 'ERR_MEMKEEP_TLS_MATERIAL', holds: 'a certificate', secret: true }
const PRIVATE_KEY: FileKind = { code: 'ERR_MEMKEEP_TLS_MATERIAL', holds: 'a private key', secret: true }
const PASSWORD: FileKind = { code: 'ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE', holds: 'a password', secret: true }
const KEYS: FileKind = { code: 'ERR_MEMKEEP_KEYS_UNAVAILABLE', holds: 'keys', secret: true }

/** What a hardened server and its clients need. **Holds secrets.** */
export interface Material {
  readonly authority: CertificatePair
  readonly server: CertificatePair
  readonly client: CertificatePair
  readonly credentials: { readonly username: string; readonly password: string }
  /** The id of the key that values are sealed with. */
  readonly keyId: string
  /** What was not there, or ran out, in words. */
  readonly made: readonly string[]
}

/**
 * Reads what is kept in the folder, and makes what is not there, cannot be read or runs out. The folder must be locked.
 *
 * @throws MemkeepError for a file that others may read, or that cannot be written
 */
export async function prepareMaterial(files: DevFiles, now: Date = new Date()): Promise<Material> {
  const made: string[] = []
  const keep = async (
    what: string,
    [certFile, keyFile]: readonly [string, string],
    issuer: () => CertificatePair | undefined,
    make: () => Promise<CertificatePair>,
  ): Promise<CertificatePair> => {
    const kept = await readPair(certFile, keyFile)
    if (kept !== undefined && isGood(kept, issuer() ?? kept, now)) return kept
    const pair = await make()
    // the key first: a certificate without it is made anew, too
    await replaceFile(keyFile, pair.key, PRIVATE_KEY)
    await replaceFile(certFile, pair.cert, CERTIFICATE)
    made.push(what)
    return pair
  }
  const authority = await keep(
    'the authority',
    [files.authority, files.authorityKey],
    () => undefined,
    () => createAuthority({ now }),
  )
  const server = await keep(
    "the server's certificate",
    [files.server, files.serverKey],
    () => authority,
    () => issueServer(authority, { hosts: HOSTS, now }),
  )
  const client = await keep(
    "the client's certificate",
    [files.client, files.clientKey],
    () => authority,
    () => issueClient(authority, { name: 'memkeep dev', now }),
  )
  if (!existsSync(files.password)) {
    await replaceFile(files.password, `${randomBytes(PASSWORD_BYTES).toString('base64url')}\n`, PASSWORD)
    made.push('the password')
  }
  if (!existsSync(files.keys)) {
    await replaceFile(files.keys, `${JSON.stringify(generateKeyset({ now }), null, 2)}\n`, KEYS)
    made.push('the encryption keys')
  }
  return {
    authority,
    server,
    client,
    credentials: {
      username: USERNAME,
      password: readPrivateFile(files.password, PASSWORD).toString().trimEnd(),
    },
    keyId: readKeyId(files.keys),
    made,
  }
}

async function readPair(certFile: string, keyFile: string): Promise<CertificatePair | undefined> {
  if (!existsSync(certFile) || !existsSync(keyFile)) return undefined
  return { cert: await readFile(certFile, 'utf8'), key: readPrivateFile(keyFile, PRIVATE_KEY).toString() }
}

/** Whether a pair belongs together, was issued by that authority, and has time left. */
function isGood({ cert, key }: CertificatePair, issuer: CertificatePair, now: Date): boolean {
  try {
    const certificate = new X509Certificate(cert)
    return (
      certificate.checkPrivateKey(createPrivateKey(key)) &&
      certificate.verify(new X509Certificate(issuer.cert).publicKey) &&
      Date.parse(certificate.validTo) - now.getTime() > RENEW_BEFORE
    )
  } catch {
    return false
  }
}

function readKeyId(path: string): string {
  const keyring = Keyring.fromFile(path, { watchInterval: 0 })
  try {
    return keyring.primaryId
  } finally {
    keyring.close()
  }
}
