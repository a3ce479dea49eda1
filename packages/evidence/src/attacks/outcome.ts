import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { MemcachedClient } from '@memkeep/client'
import { MemkeepError } from '@memkeep/core'
import { ENCRYPTION_FAILURE_CHANNEL } from '@memkeep/encryption'
import type { Reading, Writing } from '../findings.ts'
import type { SecretRecord } from '../stage.ts'

/** What bytes from the server tell of a record to someone without its key. */
export function readingOf(bytes: Buffer | undefined, { secret }: SecretRecord): Reading {
  if (bytes === undefined) throw new Error('The record that was to be read is gone')
  return bytes.includes(secret) ? 'plain' : 'sealed'
}

/** What the application makes of a key whose value someone else has just written. */
export async function writingOf(application: MemcachedClient, key: string, forged: Buffer): Promise<Writing> {
  const failures: unknown[] = []
  const onFailure = (failure: unknown): void => {
    failures.push(failure)
  }
  subscribe(ENCRYPTION_FAILURE_CHANNEL, onFailure)
  try {
    const served = await application.get(key)
    if (served?.equals(forged) === true) return 'served'
    if (served === undefined && failures.length > 0) return 'noticed'
    throw new Error('The forged value was neither served nor noticed')
  } finally {
    unsubscribe(ENCRYPTION_FAILURE_CHANNEL, onFailure)
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
