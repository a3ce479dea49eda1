import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { installHint } from './install-hint.ts'
import { findProgram } from './program.ts'

/** A user that the server knows. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

/** A certificate and its private key, as PEM. */
export interface CertificatePair {
  readonly cert: string
  readonly key: string
}

/** What a set-up adds to memcached's command line and environment. */
export interface SetUp {
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** Files that hold secrets are the owner's alone. */
const PRIVATE = { mode: 0o600 }

/** What a server with TLS shows, and whose client certificates it takes. */
export interface ServerMaterial {
  readonly certificate: CertificatePair
  /** One authority or several, as PEM. */
  readonly ca: string
}

/**
 * Writes the certificates for `-Z` into the server's folder; with `clientCertificate` it demands one of its clients.
 *
 * @throws Error for a folder whose path memcached cannot be told
 */
export async function setUpTls(
  folder: string,
  { clientCertificate }: { readonly clientCertificate: boolean },
  material: ServerMaterial,
): Promise<SetUp> {
  // there is no way to escape one
  if (folder.includes(',')) {
    throw new Error(
      `${folder} holds a comma, where memcached takes a path to end: choose another, as by TMPDIR.`,
    )
  }
  const paths = await writeMaterial(folder, material)
  const options = [`ssl_chain_cert=${paths.cert}`, `ssl_key=${paths.key}`]
  if (clientCertificate) options.push('ssl_verify_mode=2', `ssl_ca_cert=${paths.ca}`)
  return { args: ['-Z', '-o', options.join(',')], env: {} }
}

/** Writes certificates and key where {@link setUpTls} told the server to look, and returns where. */
export async function writeMaterial(
  folder: string,
  { certificate, ca }: ServerMaterial,
): Promise<{ readonly cert: string; readonly key: string; readonly ca: string }> {
  const paths = {
    cert: join(folder, 'server.crt'),
    key: join(folder, 'server.key'),
    ca: join(folder, 'ca.crt'),
  }
  await writeFile(paths.cert, certificate.cert)
  await writeFile(paths.key, certificate.key, PRIVATE)
  await writeFile(paths.ca, ca)
  return paths
}

/**
 * Refuses what the user file of `-Y` or `saslpasswd2` would read as something else: a second user, a shorter name.
 *
 * @throws TypeError that names the option, never its value
 */
export function checkCredentials({ username, password }: Credentials): void {
  if (!/^[^\s:\p{Cc}]+$/u.test(username)) {
    throw new TypeError(
      'credentials.username must not be empty, nor hold white space, control characters or ":".',
    )
  }
  if (!/^\P{Cc}+$/u.test(password)) {
    throw new TypeError('credentials.password must not be empty, nor hold control characters.')
  }
}

/** Writes the user file for `-Y` into the server's folder. */
export async function setUpAsciiAuth(folder: string, { username, password }: Credentials): Promise<SetUp> {
  const path = join(folder, 'users')
  await writeFile(path, `${username}:${password}\n`, PRIVATE)
  return { args: ['-Y', path], env: {} }
}

/** Writes Cyrus SASL's configuration and user database for `-S` into the server's folder. */
export async function setUpSasl(
  folder: string,
  credentials: Credentials,
  mechanisms: readonly string[],
): Promise<SetUp> {
  const database = join(folder, 'sasldb2')
  const configuration = [
    `mech_list: ${mechanisms.join(' ')}`,
    `sasldb_path: ${database}`,
    'pwcheck_method: auxprop',
    'auxprop_plugin: sasldb',
  ]
  await writeFile(join(folder, 'memcached.conf'), `${configuration.join('\n')}\n`)
  await addSaslUser(database, credentials)
  return { args: ['-S'], env: { SASL_CONF_PATH: folder } }
}

/**
 * Adds a user to Cyrus SASL's database, or gives one another password.
 *
 * @throws Error that says what to install, when there is no `saslpasswd2`; Error with what it printed, when it fails
 */
export async function addSaslUser(database: string, { username, password }: Credentials): Promise<void> {
  const program = await findProgram('saslpasswd2')
  if (program === undefined)
    throw new Error(`There is no saslpasswd2: install Cyrus SASL's programs${await installHint(['sasl'])}.`)
  // memcached looks its users up in the realm of the host's name
  const args = ['-p', '-c', '-f', database, '-a', 'memcached', '-u', hostname(), username]
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] })
  let printed = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text))
  // one that ends before it has read is told apart by its code
  child.stdin.on('error', () => undefined).end(password)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`saslpasswd2 ended with code ${String(code)}: ${printed.trim()}`)
  // it makes its database readable to the group
  await chmod(database, PRIVATE.mode)
}
