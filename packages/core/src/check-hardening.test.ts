import { describe, expect, it } from 'vitest'
import { checkHardening } from './check-hardening.ts'
import { tcp } from './tcp.ts'

const auth = { name: 'own', protocol: 'text', authenticate: () => Promise.resolve() }
const layer = { name: 'own', encode: (entry: unknown) => entry }
const check = (options: object, own?: readonly string[]) => () => {
  checkHardening('Client', options, own)
}

describe('the layers among the options of a client', () => {
  it.each([
    {},
    { transport: tcp(), auth, middleware: [layer] },
    { transport: undefined, auth: undefined, middleware: undefined },
    { middleware: [] },
    { tls: undefined, encryption: undefined },
  ])('are taken: %j', (options) => {
    expect(check(options)).not.toThrow()
  })

  it.each([
    [
      { transport: true },
      'Client: "transport" must be what tls() or tcp() returns, as transport: tls({ ca }), not true',
    ],
    [{ transport: null }, '"transport" must be'],
    [{ transport: tcp }, 'not a function'],
    [{ transport: { ca: 'x' } }, 'not an object'],
    [{ auth: null }, 'Client: "auth" must be what sasl() or asciiAuth() returns'],
    [{ auth: { username: 'u', password: 'p' } }, '"auth" must be'],
    [{ auth: { ...auth, protocol: 'http' } }, '"auth" must be'],
    [{ middleware: layer }, 'Client: "middleware" must be a list of what encryption() returns'],
    [{ middleware: null }, '"middleware" must be'],
    [{ middleware: [layer, null] }, 'not null'],
    [{ middleware: [{ keyring: 1 }] }, 'as middleware: [encryption({ keyring })], not an object'],
    [{ tls: true }, 'Client: "tls" is not an option: write transport: tls({ ca }) of @memkeep/tls'],
    [{ sasl: {} }, 'write auth: sasl('],
    [{ asciiAuth: {} }, 'write auth: asciiAuth('],
    [{ encryption: {} }, 'write middleware: [encryption('],
    [{ username: 'u' }, '"username" is not an option: write auth: sasl('],
    [{ password: 'p' }, '"password" is not an option'],
  ])('are refused with what to write: %j', (options, message) => {
    expect(check(options)).toThrow(TypeError)
    expect(check(options)).toThrow(message)
  })

  it('may have a name that the client itself has', () => {
    expect(check({ username: 'u', password: 'p' }, ['username', 'password'])).not.toThrow()
    expect(check({ tls: true }, ['username'])).toThrow('"tls"')
  })
})
