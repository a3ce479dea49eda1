import type { DevFiles } from './folder.ts'

/** What a client has to know of a server. Secrets are files in it, never text. */
export interface Settings {
  readonly address: string
  readonly auth: 'sasl' | 'ascii'
  readonly username: string
  readonly mutualTls: boolean
  readonly files: DevFiles
}

/** The settings as one URI, with no secret in it. */
export function toUri({ address, auth, username, mutualTls, files }: Settings): string {
  const parameters = {
    ca: files.authority,
    ...(mutualTls && { cert: files.client, key: files.clientKey }),
    auth,
    passwordFile: files.password,
    keys: files.keys,
  }
  const query = Object.entries(parameters).map(
    // slashes need no encoding there (RFC 3986, section 3.4), and paths are to be read
    ([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%2F', '/')}`,
  )
  return `memcacheds://${encodeURIComponent(username)}@${address}?${query.join('&')}`
}

/** The settings as variables, for `connect()` and `hardening()` without arguments. */
export function toEnvironment({
  address,
  auth,
  username,
  mutualTls,
  files,
}: Settings): Readonly<Record<string, string>> {
  return {
    MEMKEEP_URI: `memcacheds://${address}`,
    MEMKEEP_CA: files.authority,
    ...(mutualTls && { MEMKEEP_CERT: files.client, MEMKEEP_KEY: files.clientKey }),
    MEMKEEP_AUTH: auth,
    MEMKEEP_USERNAME: username,
    MEMKEEP_PASSWORD_FILE: files.password,
    MEMKEEP_KEYS_FILE: files.keys,
  }
}

/** Those variables as a file that a shell sources. */
export function toEnvironmentFile(settings: Settings): string {
  const lines = Object.entries(toEnvironment(settings)).map(
    ([name, value]) => `export ${name}=${quoteForShell(value)}`,
  )
  return ['# How to reach memkeep dev, which writes this anew when it starts.', ...lines, ''].join('\n')
}

/** The settings as a program that connects. */
export function toCode({ address, auth, username, mutualTls, files }: Settings): string {
  const file = (path: string): string => `{ file: ${quoteForCode(path)} }`
  const own = mutualTls ? `, cert: ${file(files.client)}, key: ${file(files.clientKey)}` : ''
  return `import { connect } from 'memkeep'

const cache = await connect({
  servers: ${quoteForCode(`memcacheds://${address}`)},
  tls: { ca: ${file(files.authority)}${own} },
  ${auth === 'sasl' ? 'sasl' : 'asciiAuth'}: { username: ${quoteForCode(username)}, password: ${file(files.password)} },
  encryption: { keys: ${file(files.keys)} },
})`
}

/** A cache of cache-manager, with the settings from the environment. */
export const ADAPTER_CODE = `import { createMemcachedCache } from '@memkeep/cache-manager'
import { hardening } from 'memkeep'

const cache = createMemcachedCache({ ...hardening(), ttl: 60_000 })`

/** How to have it audited as a friend. */
export function toAudit({ address, auth, username, mutualTls, files }: Settings): string {
  const options = {
    ca: files.authority,
    ...(mutualTls && { cert: files.client, key: files.clientKey }),
    username,
    'password-file': files.password,
    ...(auth === 'ascii' && { auth }),
  }
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, quoteForShell(value)])
  return ['memkeep doctor', address, ...words].join(' ')
}

/** A word as a POSIX shell reads it; as it is where it means nothing else there. */
export function quoteForShell(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

function quoteForCode(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
