import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, createPki, replaceFile, startMemcached, type CertificatePair } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startLoad } from '../test/load.ts'
import { MemcachedClient } from './client.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-rotation-'))
})
afterEach(() => rm(folder, { recursive: true }))

const path = (name: string): string => join(folder, name)
const fingerprint = ({ cert }: CertificatePair): string => new X509Certificate(cert).fingerprint256

const replace = (name: string, content: string): Promise<void> => replaceFile(path(name), content)

describe('rotation under full load', () => {
  it("of our certificate, the server's and the authority fails no request", async () => {
    const [old, next] = [await createPki(), await createPki()]
    await using server = await startMemcached('mutual-tls', { pki: old })
    await replace('ca.pem', old.ca)
    await replace('client.pem', old.client.cert)
    await replace('client.key', old.client.key)
    using transport = tls({
      ca: { file: path('ca.pem') },
      cert: { file: path('client.pem') },
      key: { file: path('client.key') },
      watchInterval: 10,
    })
    const brokenMeanwhile: unknown[] = []
    transport.on('reloadFailed', (error) => brokenMeanwhile.push(error))
    await using client = new MemcachedClient({
      servers: `memcacheds://${server.address}`,
      transport,
      connections: 3,
    })
    const load = startLoad(client)

    /** Waits until every connection is one that was made since, and has been used. */
    async function replaced(since: Date, own: CertificatePair, theirs: CertificatePair): Promise<void> {
      await eventually(() => {
        const { own: ours, connections } = transport.describe()
        expect(ours?.fingerprint256).toBe(fingerprint(own))
        expect(connections).toHaveLength(3)
        for (const connection of connections) {
          expect(connection.since >= since).toBe(true)
          expect(connection.certificate?.fingerprint256).toBe(fingerprint(theirs))
        }
      })
      const before = load.count()
      await eventually(() => {
        expect(load.count()).toBeGreaterThan(before + 1000)
      })
    }
    async function rotateOwn(pair: CertificatePair, theirs: CertificatePair): Promise<void> {
      const since = new Date()
      // one file after the other: in between they do not belong together
      await replace('client.pem', pair.cert)
      await replace('client.key', pair.key)
      await replaced(since, pair, theirs)
    }
    async function trust(ca: string, own: CertificatePair, theirs: CertificatePair): Promise<void> {
      const since = new Date()
      await replace('ca.pem', ca)
      await replaced(since, own, theirs)
    }

    await replaced(new Date(0), old.client, old.server)
    const second = await old.issueClient()
    await rotateOwn(second, old.server)

    const renewed = await old.issueServer()
    await server.replaceCertificates({ certificate: renewed })
    const third = await old.issueClient()
    await rotateOwn(third, renewed)

    // the new authority beside the old one, on both sides; then what it issued; then the old one goes
    await trust(old.ca + next.ca, third, renewed)
    await server.replaceCertificates({ ca: old.ca + next.ca })
    await rotateOwn(next.client, renewed)
    await server.replaceCertificates({ certificate: next.server })
    await trust(next.ca, next.client, next.server)

    expect(await load.stop()).toEqual([])
    for (const error of brokenMeanwhile) expect(error).toMatchObject({ code: 'ERR_MEMKEEP_TLS_KEY_MISMATCH' })
  })
})
