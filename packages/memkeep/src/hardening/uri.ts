import { MemkeepError, parseEndpoint, parseEndpoints } from '@memkeep/core'
import { URI_PARAMETERS, type Setting, type SettingName, type TextSettings } from './settings.ts'

const FORM = 'memcacheds://user:password@cache1:11211,cache2:11211?ca=/etc/ssl/ca.pem'

/** What may stand unencoded in user name and password (RFC 3986, section 3.2.1). */
const USERINFO = /^(?:[\w.~!$&'()*+,;=:-]|%[\da-f]{2})*$/i

const SPACE = /[\s\p{Cc}]/u
/** Control characters that are no white space. */
const CONTROL = /(?!\s)\p{Cc}/u

/**
 * Reads a URI (RFC 3986): `memcached://` or `memcacheds://`, user name and password, servers with commas or white
 * space between them, and parameters; or a list of servers alone, without a scheme. Anything in it may be a piece of
 * a password that was not encoded: no message repeats more than the name of a parameter that is known.
 *
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT` for an invalid URI
 * @throws TypeError for a parameter that is unknown, repeated or empty
 */
export function readUri(text: string): TextSettings {
  const uri = text.trim()
  const scheme = /^(memcacheds?):\/\//i.exec(uri)
  if (scheme === null) return readList(uri)
  if (uri.includes('#')) throw invalid('has a "#", which must be written as %23')
  const secure = scheme[1]?.toLowerCase() === 'memcacheds'
  const rest = uri.slice(scheme[0].length)
  const question = rest.indexOf('?')
  const authority = question < 0 ? rest : rest.slice(0, question)
  const query = question < 0 ? '' : rest.slice(question + 1)
  const at = authority.lastIndexOf('@')
  const servers = authority.slice(at + 1)
  // between servers alone, white space says where one ends
  if (CONTROL.test(servers) || SPACE.test(rest.slice(0, at + 1) + query)) {
    throw invalid('has white space or a control character: write a space as %20')
  }
  if (query.includes('@')) {
    throw invalid('has an "@" after its "?": write "?" in a password as %3F, and "@" in a parameter as %40')
  }
  return {
    servers: readServers(servers, scheme[0]),
    secure,
    settings: new Map<SettingName, Setting>([
      ...(at < 0 ? [] : readUserinfo(authority.slice(0, at))),
      ...readParameters(query),
    ]),
  }
}

/** Servers without a scheme before the first of them, which leaves open whether TLS is on. */
function readList(list: string): TextSettings {
  const other = /^(?!unix:)[a-z][a-z0-9+.-]*:\/\//i.test(list)
  if (list === '' || other || /[@?#]/.test(list)) {
    throw invalid(`begins with neither memcached:// nor memcacheds://; write for example ${FORM}`)
  }
  parseEndpoints(list)
  return { servers: [list], secure: undefined, settings: new Map() }
}

function readUserinfo(userinfo: string): readonly (readonly [SettingName, Setting])[] {
  if (!USERINFO.test(userinfo)) {
    throw invalid(
      'has a character in its user name or password that must be percent-encoded, as encodeURIComponent() does; both are written once, before the first server',
    )
  }
  const colon = userinfo.indexOf(':')
  const username = decode(colon < 0 ? userinfo : userinfo.slice(0, colon))
  if (username === '') throw invalid('has an "@" and no user name before it')
  const named = ['username', { value: username, from: 'the user name of the URI' }] as const
  if (colon < 0) return [named]
  const password = decode(userinfo.slice(colon + 1))
  if (password === '') throw invalid('has an empty password: leave its ":" out, and name a "passwordFile"')
  return [named, ['password', { value: password, from: 'the password of the URI' }]]
}

function readServers(list: string, scheme: string): readonly string[] {
  const parts = list.split(/[\s,]+/).filter((part) => part !== '' && part !== '/')
  if (parts.length === 0) throw invalid(`names no server; write for example ${FORM}`)
  return parts.map((part, index) => {
    const own = part.slice(0, scheme.length).toLowerCase() === scheme.toLowerCase()
    const address = own ? part.slice(scheme.length) : part
    const server = decode(address.startsWith('/') ? address : address.replace(/\/$/, ''))
    try {
      // a comma would make two of what is one, and the scheme is one for all
      if (/[\s,]|^(?!unix:).*:\/\//i.test(server)) throw new TypeError('no address')
      parseEndpoint(server)
    } catch {
      // what is no server may be a password whose "@" is missing
      throw invalid(
        `has no server in place ${String(index + 1)} of its list: write cache1, cache1:11211, [::1]:11211 or /run/memcached.sock`,
      )
    }
    return server
  })
}

function readParameters(query: string): readonly (readonly [SettingName, Setting])[] {
  if (query === '') return []
  const seen = new Set<SettingName>()
  return query.split('&').map((parameter, index) => {
    const equals = parameter.indexOf('=')
    const written = equals < 0 ? parameter : parameter.slice(0, equals)
    const name = URI_PARAMETERS.find((known) => known === written)
    if (name === undefined) {
      throw new TypeError(
        `Parameter ${String(index + 1)} of the URI is unknown: the known ones are ${URI_PARAMETERS.join(', ')}. What weakens a layer is set in code alone, and keys stand in a file or the environment.`,
      )
    }
    const value = equals < 0 ? '' : decode(parameter.slice(equals + 1))
    if (value === '')
      throw new TypeError(`The parameter "${name}" of the URI is empty: leave it out, or give it a value`)
    if (seen.has(name)) throw new TypeError(`The parameter "${name}" stands twice in the URI: write it once`)
    seen.add(name)
    return [name, { value, from: `"${name}" of the URI` }] as const
  })
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('has a "%" that starts no percent-encoded UTF-8: write a "%" itself as %25')
  }
}

function invalid(what: string): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_INVALID_ENDPOINT', `The URI ${what}.`)
}
