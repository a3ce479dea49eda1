import { startRelay } from '@memkeep/testkit'
import type { Findings, Sight } from '../findings.ts'
import { makeRecord, withClient, type Stage } from '../stage.ts'

/** Stores and reads a record through a recording relay, then searches every byte that crossed it. */
export async function eavesdrop({ server, hardening }: Stage): Promise<Findings['wire']> {
  const record = makeRecord()
  await using relay = await startRelay(server)
  await withClient(relay.address, hardening, async (application) => {
    await application.set(record.key, record.value)
    const read = await application.get(record.key)
    if (read?.toString() !== record.value) throw new Error(`${server.posture}: the record was not read back`)
  })
  const look = (needle: string): Sight => (relay.saw(needle) ? 'seen' : 'hidden')
  return {
    value: look(record.secret),
    keyName: look(record.key),
    password: server.credentials === undefined ? 'none' : look(server.credentials.password),
  }
}
