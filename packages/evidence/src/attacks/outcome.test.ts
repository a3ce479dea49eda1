import { MemcachedClient } from '@memkeep/client'
import { MemkeepError } from '@memkeep/core'
import { encryption, Keyring } from '@memkeep/encryption'
import { startMemcached } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { makeRecord } from '../stage.ts'
import { readingOf, unlessRefused, writingOf } from './outcome.ts'

describe('the attacks tell their outcomes apart', () => {
  it('plain from sealed', () => {
    const record = makeRecord()
    expect(readingOf(Buffer.from(record.value), record)).toBe('plain')
    expect(readingOf(Buffer.from('ciphertext'), record)).toBe('sealed')
    expect(() => readingOf(undefined, record)).toThrow()
  })

  it('served from noticed', async () => {
    await using server = await startMemcached('plain')
    const forged = Buffer.from('forged')
    const careless = new MemcachedClient({ servers: server.address })
    const careful = new MemcachedClient({
      servers: server.address,
      middleware: [encryption({ keyring: Keyring.generate() })],
    })
    await careless.set('k', forged)
    expect(await writingOf(careless, 'k', forged)).toBe('served')
    expect(await writingOf(careful, 'k', forged)).toBe('noticed')
    await careless.delete('k')
    await expect(writingOf(careful, 'k', forged)).rejects.toThrow()
    await Promise.all([careless.close(), careful.close()])
  })

  it('a refusal from any other fault', async () => {
    const failing = (error: Error) => (): Promise<never> => Promise.reject(error)
    expect(await unlessRefused(() => Promise.resolve(7))).toBe(7)
    expect(await unlessRefused(failing(new MemkeepError('ERR_MEMKEEP_AUTH_REQUIRED', 'no')))).toBe('refused')
    await expect(
      unlessRefused(failing(new MemkeepError('ERR_MEMKEEP_CONNECTION_LOST', 'no'))),
    ).rejects.toThrow()
  })
})
