import type { Findings } from '../findings.ts'
import { makeRecord, withClient, type Stage } from '../stage.ts'
import { readingOf, unlessRefused, writingOf } from './outcome.ts'

/** Tries to read and to overwrite a record as someone without certificate and credentials. */
export async function intrude({ server, hardening, stranger }: Stage): Promise<Findings['stranger']> {
  const record = makeRecord()
  const forged = Buffer.from('{"holder":"Mallory"}')
  return withClient(server.address, hardening, async (application) => {
    await application.set(record.key, record.value)
    const reads = await unlessRefused(() =>
      withClient(server.address, stranger, async (client) => readingOf(await client.get(record.key), record)),
    )
    const writes = await unlessRefused(async () => {
      await withClient(server.address, stranger, (client) => client.set(record.key, forged))
      return writingOf(application, record.key, forged)
    })
    return { reads, writes }
  })
}
