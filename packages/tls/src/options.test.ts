import { createPki } from '@memkeep/testkit'
import { describe, expect, it, vi } from 'vitest'
import { tls } from './tls.ts'

const PIN = `sha256/${'A'.repeat(43)}=`

/** Options that TypeScript would refuse too. */
const wrong = (options: object): (() => void) => {
  return () => {
    tls(options).close()
  }
}

describe('tls options', () => {
  it.each([
    [{ certificate: 'x' }, /unknown option "certificate"; it knows ca, /],
    [{ rejectUnauthorized: false }, /no "rejectUnauthorized".*"dangerouslySkipVerification"/],
    [{ rejectUnauthorized: true }, /no "rejectUnauthorized"/],
    [{ checkServerIdentity: () => undefined }, /no "checkServerIdentity".*"servername".*"pins"/],
    [{ secureContext: {} }, /no "secureContext".*"ca", "cert" and "key"/],
    [{ ALPNProtocols: ['memcached'] }, /no "ALPNProtocols"/],
    [{ maxVersion: 'TLSv1.2' }, /no "maxVersion"/],
    [{ ca: [] }, /"ca" is empty/],
    [{ ca: 7 }, /"ca" must be text, a Buffer, a Uint8Array or { file: 'its path' }/],
    [{ ca: { path: 'ca.pem' } }, /"ca" must be text/],
    [{ ca: [{ file: '' }] }, /"ca" must be text/],
    [{ cert: ['a', 'b'] }, /"cert" must be text/],
    [{ passphrase: '' }, /"passphrase" must be a string that is not empty/],
    [{ servername: 7 }, /"servername" must be a string/],
    [{ trustDefaultCa: 'yes' }, /"trustDefaultCa" must be a boolean/],
    [{ dangerouslySkipVerification: 'no' }, /"dangerouslySkipVerification" must be a boolean/],
    [{ cert: 'x' }, /"cert" and "key" belong together/],
    [{ key: 'x' }, /"cert" and "key" belong together/],
    [{ cert: 'x', key: 'x', pfx: 'x' }, /leave out "cert" and "key", or "pfx"/],
    [{ trustDefaultCa: true }, /"trustDefaultCa" goes with "ca"/],
    [{ pins: [] }, /"pins" must be an array of at least one pin/],
    [{ pins: PIN }, /"pins" must be an array/],
    [{ pins: [PIN, 'sha1/AAAA'] }, /a pin is "sha256\/"/],
    [{ pins: [PIN], dangerouslySkipVerification: true }, /"pins" says whom to trust/],
    [{ ca: 'x', dangerouslySkipVerification: true }, /"ca" says whom to trust/],
    [{ crl: 'x', dangerouslySkipVerification: true }, /"crl" says whom to trust/],
  ])('are refused that do not exist, are none, or contradict each other: %j', (options, message) => {
    expect(wrong(options)).toThrow(TypeError)
    expect(wrong(options)).toThrow(message)
  })

  it.each([
    [{ minVersion: 'TLSv1.1' }, /TLSv1.2 or TLSv1.3/],
    [{ ciphers: 'DEFAULT@SECLEVEL=0' }, /the security level is not for changing/],
    [{ ciphers: 'NONSENSE' }, /names no suite that this OpenSSL knows/],
    [{ warnBefore: -1 }, /"warnBefore" must be a number of days/],
    [{ warnBefore: NaN }, /"warnBefore" must be a number of days/],
    [{ watchInterval: 2 ** 31 }, /"watchInterval" must be a number of milliseconds/],
  ])('are refused that are out of bounds: %j', (options, message) => {
    expect(wrong(options)).toThrow(RangeError)
    expect(wrong(options)).toThrow(message)
  })

  it('are copied: changing them afterwards changes nothing', async () => {
    const { ca } = await createPki()
    const options = { ca, servername: 'cache.example' }
    using transport = tls(options)
    options.servername = 'other.example'
    expect(transport.describe().servername).toBe('cache.example')
  })

  it('warn once of verification that is skipped, and show it', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
    try {
      using first = tls({ dangerouslySkipVerification: true })
      using second = tls({ dangerouslySkipVerification: true })
      expect(warn.mock.calls).toEqual([
        [expect.stringContaining('dangerouslySkipVerification is on'), { code: 'MEMKEEP_TLS_UNVERIFIED' }],
      ])
      for (const transport of [first, second]) {
        expect(transport.name).toBe('tls without verification')
        expect(transport.confidential).toBe(false)
        expect(transport.describe()).toMatchObject({ verification: 'skipped', trustsDefaultCa: false })
      }
    } finally {
      vi.restoreAllMocks()
    }
    using verified = tls()
    expect(verified.confidential).toBe(true)
    expect(verified.describe()).toMatchObject({ verification: 'on', trustsDefaultCa: true })
  })
})
