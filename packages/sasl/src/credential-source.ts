import { MemkeepError, Secret, type FileSource } from '@memkeep/core'
import { quoteVariable, readPrivateFile, readRegularFile, time } from '@memkeep/core/internal'
import type { AuthOptions, ProvidedCredentials, TextSource } from './auth-options.ts'
import { checkText, invalid, unavailable, type Credentials } from './credentials.ts'

/** The files that the options name. */
export function filesOf({ username, password }: AuthOptions): readonly string[] {
  return [username, password].flatMap((source) => (isFile(source) ? [source.file] : []))
}

/**
 * Reads name and password from where the options say they are; files are few and small, and read at once.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_CREDENTIALS`, `ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE`
 */
export function readCredentials(owner: string, { username, password }: AuthOptions): Credentials {
  return checked(owner, read(owner, 'username', username), read(owner, 'password', password))
}

/**
 * Asks a provider.
 *
 * @param timeout milliseconds
 * @throws MemkeepError `ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE`, `ERR_MEMKEEP_INVALID_CREDENTIALS`
 */
export async function askProvider(
  owner: string,
  provider: () => Promise<ProvidedCredentials>,
  timeout: number,
): Promise<Credentials> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = time.setTimeout(() => {
      reject(
        unavailable(owner, `"credentials" gave nothing within ${String(timeout)} ms: look at what it asks`),
      )
    }, timeout)
  })
  try {
    const provided: unknown = await Promise.race([provider(), late])
    const { username, password } = (provided ?? {}) as Partial<Record<'username' | 'password', unknown>>
    const text = password instanceof Secret ? (password.reveal() as unknown) : password
    if (typeof username !== 'string' || typeof text !== 'string') {
      throw invalid(owner, '"credentials" must resolve to { username, password }, both text')
    }
    return checked(owner, username, text)
  } catch (cause) {
    if (cause instanceof MemkeepError) throw cause
    throw unavailable(owner, '"credentials" failed: look at the cause', cause)
  } finally {
    time.clearTimeout(timer)
  }
}

function checked(owner: string, username: string, password: string): Credentials {
  checkText(owner, 'username', username)
  checkText(owner, 'password', password)
  return { username, password: new Secret(password) }
}

function read(owner: string, what: 'username' | 'password', source: TextSource | undefined): string {
  if (typeof source === 'string') return source
  if (source instanceof Secret) return source.reveal()
  if (isFile(source)) return readText(owner, what, source)
  const name = source?.env ?? ''
  const text = process.env[name]
  if (text === undefined) {
    throw unavailable(owner, `the environment variable ${quoteVariable(name)} for the ${what} is not set`)
  }
  return text
}

function readText(
  owner: string,
  what: 'username' | 'password',
  { file, allowGroup = false }: FileSource,
): string {
  const holds = { code: 'ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE', holds: `the ${owner} ${what}` } as const
  const content =
    what === 'password' ? readPrivateFile(file, { ...holds, allowGroup }) : readRegularFile(file, holds)
  return content.toString().replace(/\r?\n$/, '')
}

function isFile(source: TextSource | undefined): source is FileSource {
  return typeof source === 'object' && Object.hasOwn(source, 'file')
}
