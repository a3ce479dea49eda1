import { parseEndpoint } from '@memkeep/core'
import { startFaultServer } from '@memkeep/testkit'
import { expect, test } from 'vitest'
import { openServerAudit } from '../../engine/server-audit.ts'
import { SUITES } from '../../tls-wire/suites.ts'
import { checkTls } from './index.ts'
import { weaknessOf } from './suite-weakness.ts'

const codeOf = (name: string): number => [...SUITES].find(([, each]) => each === name)?.[0] ?? 0

test.each([
  ['TLS_AES_128_GCM_SHA256', undefined],
  ['TLS_AES_128_CCM_8_SHA256', undefined],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', undefined],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', undefined],
  ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', undefined],
  ['TLS_ECDHE_ECDSA_WITH_NULL_SHA', 'tls-null-cipher'],
  ['TLS_RSA_WITH_NULL_MD5', 'tls-null-cipher'],
  ['TLS_ECDH_anon_WITH_AES_128_CBC_SHA', 'tls-anonymous-cipher'],
  ['TLS_DH_anon_WITH_AES_256_GCM_SHA384', 'tls-anonymous-cipher'],
  ['TLS_RSA_EXPORT_WITH_RC4_40_MD5', 'tls-export-cipher'],
  ['TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA', 'tls-export-cipher'],
  ['TLS_ECDHE_RSA_WITH_RC4_128_SHA', 'tls-broken-cipher'],
  ['TLS_DHE_RSA_WITH_DES_CBC_SHA', 'tls-broken-cipher'],
  ['TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA', 'tls-64-bit-block'],
  ['TLS_RSA_WITH_IDEA_CBC_SHA', 'tls-64-bit-block'],
  ['TLS_RSA_WITH_AES_256_GCM_SHA384', 'tls-no-forward-secrecy'],
  ['TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256', 'tls-no-forward-secrecy'],
  ['TLS_DH_RSA_WITH_AES_128_CBC_SHA', 'tls-no-forward-secrecy'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'tls-cbc'],
  ['TLS_DHE_RSA_WITH_SEED_CBC_SHA', 'tls-cbc'],
])('%s: %s', (name, id) => {
  expect(codeOf(name)).not.toBe(0)
  expect(weaknessOf(codeOf(name))?.id).toBe(id)
})

/** A server that does no TLS of its own, and says that it takes some suites of some versions. */
function pretending(
  accepts: Readonly<Record<number, readonly string[]>>,
): ReturnType<typeof startFaultServer> {
  return startFaultServer((socket) =>
    socket.once('data', (hello: Buffer) => {
      if (hello[0] !== 22) {
        socket.end()
        return
      }
      const version = hello.readUInt16BE(9)
      const sessionEnd = 44 + hello.readUInt8(43)
      const offered = hello.subarray(sessionEnd + 2, sessionEnd + 2 + hello.readUInt16BE(sessionEnd))
      const has = (code: number): boolean =>
        Array.from({ length: offered.length / 2 }, (_, index) => offered.readUInt16BE(2 * index)).includes(
          code,
        )
      const suite = accepts[version]?.map(codeOf).find(has)
      if (suite === undefined) socket.end(Buffer.from([21, 3, 1, 0, 2, 2, 40]))
      else {
        const body = Buffer.concat([hello.subarray(9, 43), Buffer.from([0, suite >> 8, suite & 0xff, 0])])
        const head = Buffer.from([22, 3, 1, 0, body.length + 4, 2, 0, 0, body.length])
        socket.write(Buffer.concat([head, body]))
      }
    }),
  )
}

test('what no OpenSSL of these days speaks is found by its name', async () => {
  await using server = await pretending({
    0x0300: ['TLS_RSA_WITH_RC4_128_SHA'],
    0x0301: ['TLS_RSA_EXPORT_WITH_RC4_40_MD5', 'TLS_RSA_WITH_3DES_EDE_CBC_SHA'],
    0x0303: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_RC4_128_SHA'],
  })
  const opened = await openServerAudit(parseEndpoint(server.address), {}, new AbortController().signal)
  if (typeof opened === 'string') throw new Error(opened)
  const { findings, unknowns } = await checkTls(opened.context)
  opened.close()
  expect(findings?.map(({ severity, id, detail }) => `${severity} ${id}: ${detail}`)).toEqual([
    'medium tls-old-version: SSL 3.0, TLS 1.0',
    'info tls-no-1.3: ',
    'high tls-broken-cipher: SSL 3.0: TLS_RSA_WITH_RC4_128_SHA; TLS 1.2: TLS_ECDHE_RSA_WITH_RC4_128_SHA',
    'critical tls-export-cipher: TLS 1.0: TLS_RSA_EXPORT_WITH_RC4_40_MD5',
    'medium tls-64-bit-block: TLS 1.0: TLS_RSA_WITH_3DES_EDE_CBC_SHA',
  ])
  expect(unknowns?.[0]).toMatch(/^What certificate it shows: no handshake was completed/)
})
