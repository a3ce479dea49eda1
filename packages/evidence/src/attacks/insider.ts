import type { MemcachedClient } from '@memkeep/client'
import type { Findings, Writing } from '../findings.ts'
import { makeRecord, withClient, type Stage } from '../stage.ts'
import { readingOf, writingOf } from './outcome.ts'

/** Dumps a record from the server with every right on it, changes a byte of it, and swaps it for another. */
export async function corrupt({ server, hardening, insider }: Stage): Promise<Findings['insider']> {
  return withClient(server.address, hardening, (application) =>
    withClient(server.address, insider, async (attacker) => {
      const record = makeRecord()
      await application.set(record.key, record.value)
      const stored = await attacker.get(record.key)
      return {
        reads: readingOf(stored, record),
        changes: await change(application, attacker),
        swaps: await swap(application, attacker),
      }
    }),
  )
}

async function change(application: MemcachedClient, attacker: MemcachedClient): Promise<Writing> {
  const { key, value } = makeRecord()
  await application.set(key, value)
  const changed = await stolen(attacker, key)
  changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1)
  await attacker.set(key, changed)
  return writingOf(application, key, changed)
}

async function swap(application: MemcachedClient, attacker: MemcachedClient): Promise<Writing> {
  const [ours, theirs] = [makeRecord(), makeRecord()]
  await application.set(ours.key, ours.value)
  await application.set(theirs.key, theirs.value)
  const other = await stolen(attacker, theirs.key)
  await attacker.set(ours.key, other)
  return writingOf(application, ours.key, other)
}

async function stolen(attacker: MemcachedClient, key: string): Promise<Buffer> {
  const bytes = await attacker.get(key)
  if (bytes === undefined) throw new Error('The record that was to be stolen is gone')
  return bytes
}
