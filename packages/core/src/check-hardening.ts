import { describeInput } from './quote-input.ts'

/** What people write for a layer, after `hardening()` of memkeep or other clients, and what to write instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  tls: 'transport: tls({ ca }) of @memkeep/tls',
  sasl: 'auth: sasl({ username, password }) of @memkeep/sasl',
  asciiAuth: 'auth: asciiAuth({ username, password }) of @memkeep/sasl',
  encryption: 'middleware: [encryption({ keyring })] of @memkeep/encryption',
  username: 'auth: sasl({ username, password }) of @memkeep/sasl',
  password: 'auth: sasl({ username, password }) of @memkeep/sasl',
}

const TRANSPORT = 'what tls() or tcp() returns, as transport: tls({ ca })'
const AUTH = 'what sasl() or asciiAuth() returns, as auth: sasl({ username, password })'
const MIDDLEWARE = 'a list of what encryption() returns, as middleware: [encryption({ keyring })]'
const MIDDLEWARE_METHODS = ['mapKey', 'encode', 'decode', 'refuses'] as const

/**
 * Checks the layers among the options of a client: one that is not what it must be, or has another name, would be
 * missing without a word.
 *
 * @param own names among those of {@link INSTEAD} that this client has options of
 * @throws TypeError naming the option, and what to write
 */
export function checkHardening(owner: string, options: object, own: readonly string[] = []): void {
  const given = options as Readonly<Record<string, unknown>>
  for (const [name, instead] of Object.entries(INSTEAD)) {
    if (given[name] === undefined || own.includes(name)) continue
    throw new TypeError(`${owner}: "${name}" is not an option: write ${instead}`)
  }
  const { transport, auth, middleware } = given
  if (transport !== undefined && !isWith(transport, 'connect'))
    throw wrong(owner, 'transport', TRANSPORT, transport)
  if (auth !== undefined && !(isWith(auth, 'authenticate') && isFamily(auth['protocol']))) {
    throw wrong(owner, 'auth', AUTH, auth)
  }
  if (middleware === undefined) return
  if (!Array.isArray(middleware)) throw wrong(owner, 'middleware', MIDDLEWARE, middleware)
  const layers: readonly unknown[] = middleware
  const odd = layers.findIndex((layer) => !MIDDLEWARE_METHODS.some((method) => isWith(layer, method)))
  if (odd >= 0) throw wrong(owner, 'middleware', MIDDLEWARE, layers[odd])
}

function isWith(value: unknown, method: string): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  return typeof (value as Readonly<Record<string, unknown>>)[method] === 'function'
}

function isFamily(protocol: unknown): boolean {
  return protocol === 'text' || protocol === 'binary'
}

function wrong(owner: string, option: string, what: string, value: unknown): TypeError {
  return new TypeError(`${owner}: "${option}" must be ${what}, not ${describeInput(value)}`)
}
