import { createPki } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { tls, type TlsOptions } from './tls.ts'

const material = expect.objectContaining({ code: 'ERR_MEMKEEP_TLS_MATERIAL' }) as Error

describe('tls options', () => {
  it('refuse unknown names, and say that verification stays on', () => {
    expect(() => tls({ certificate: 'x' } as TlsOptions)).toThrow(TypeError)
    expect(() => tls({ rejectUnauthorized: false } as TlsOptions)).toThrow(/verification stays on/)
    expect(() => tls({ minVersion: 'TLSv1.1' } as unknown as TlsOptions)).toThrow(RangeError)
  })

  it('refuse material that does not load, at construction', async () => {
    const { ca, client } = await createPki()
    const stranger = (await createPki()).client
    expect(() => tls({ ca: '/etc/ssl/ca.pem' })).toThrow(material)
    expect(() => tls({ ca, cert: client.cert })).toThrow(material)
    expect(() => tls({ ca, key: client.key })).toThrow(material)
    expect(() => tls({ ca, cert: client.cert, key: stranger.key })).toThrow(material)
    expect(() => tls({ ca, cert: 'not PEM', key: client.key })).toThrow(material)
    expect(() => tls({ ca, ...client })).not.toThrow()
  })

  it('never repeat a private key in an error', async () => {
    const { ca, client } = await createPki()
    try {
      tls({ ca, cert: 'not PEM', key: client.key })
      expect.unreachable()
    } catch (error) {
      const line = client.key.split('\n')[1] ?? ''
      expect(line.length).toBeGreaterThan(30)
      expect(String((error as Error).stack)).not.toContain(line)
    }
  })
})
