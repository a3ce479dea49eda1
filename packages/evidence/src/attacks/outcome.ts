import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { MemcachedClient } from '@memkeep/client'
import { MemkeepError } from '@memkeep/core'
import type { Reading, Writing } from '../findings.ts'
import type { SecretRecord } from '../stage.ts'

/** Where the encryption layer reports a value that it would not open. */
const FAILURES = 'memkeep:encryption:failure'

/** What bytes from the server tell of a record to someone without its key. */
export function readingOf(bytes: Buffer | undefined, { secret }: SecretRecord): Reading {
  if (bytes === undefined) throw new Error('The record that was to be read is gone')
  return bytes.includes(secret) ? 'plain' : 'sealed'
}

/** What the application makes of a key whose value someone else has just written. */
export async function writingOf(application: MemcachedClient, key: string, forged: Buffer): Promise<Writing> {
  let noticed = false
  const onFailure = (): void => {
    noticed = true
  }
  subscribe(FAILURES, onFailure)
  try {
    const served = await application.get(key)
    if (served?.equals(forged) === true) return 'served'
    if (served === undefined && noticed) return 'noticed'
    throw new Error('The forged value was neither served nor noticed')
  } finally {
    unsubscribe(FAILURES, onFailure)
  }
}

const REFUSALS: readonly string[] = [
  'ERR_MEMKEEP_AUTH_REQUIRED',
  'ERR_MEMKEEP_TLS_CLIENT_CERTIFICATE_REQUIRED',
] satisfies readonly MemkeepError['code'][]

/** `refused` when the server would not have us at all; any other fault is none of its protection. */
export async function unlessRefused<T>(attempt: () => Promise<T>): Promise<T | 'refused'> {
  try {
    return await attempt()
  } catch (error) {
    if (error instanceof MemkeepError && REFUSALS.includes(error.code)) return 'refused'
    throw error
  }
}
