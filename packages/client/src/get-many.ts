import type { Asker } from './asker.ts'
import type { CallOptions } from './call-options.ts'
import { PartialResult, type ServerFault } from './partial-result.ts'
import type { GetCommand } from './protocol/command.ts'
import type { Reply } from './protocol/reply.ts'
import type { Server } from './server/server.ts'

/** The most keys that one request asks for: more become several, so that a limit on what is in flight holds. */
const MAX_KEYS = 1_000

/** What {@link getMany} needs to know. */
export interface GetManyOptions {
  /** The validated key for the wire. */
  readonly wireKey: (key: string) => string
  /** The value that a reply carries for a key. */
  readonly value: (key: string, reply: Reply) => Buffer | undefined
  /** Whether an error shall count as misses, and not as a reason to reject. */
  readonly missable: (error: unknown) => boolean
  readonly options: CallOptions | undefined
}

/** The keys of one request. */
interface Batch {
  readonly server: Server
  readonly keys: string[]
  readonly commands: GetCommand[]
}

/** Asks every server at once for those of the keys that belong to it. */
export async function getMany(
  asker: Asker,
  keys: Iterable<string>,
  { wireKey, value, missable, options }: GetManyOptions,
): Promise<PartialResult<string, Buffer>> {
  // one bad key, and nothing is sent
  const wireKeys = new Map<string, string>()
  for (const key of keys) wireKeys.set(key, wireKey(key))
  await asker.known(options)
  const batches = batchesOf(asker, wireKeys)
  const results = await Promise.allSettled(
    batches.map(({ server, keys, commands }) => {
      const values: (Buffer | undefined)[] = []
      return asker.askServer(server, {
        operation: 'getMany',
        commands,
        take: (reply, index) => {
          values[index] = value(keys[index] ?? '', reply)
          return values
        },
        options,
      })
    }),
  )
  const found = new Map<string, Buffer>()
  const faults: ServerFault[] = []
  for (const [index, { server, keys }] of batches.entries()) {
    const result = results[index]
    if (result?.status === 'rejected')
      faults.push({ server: server.name, keys, error: result.reason as unknown })
    for (const [at, key] of keys.entries()) {
      const value = result?.status === 'fulfilled' ? result.value[at] : undefined
      if (value !== undefined) found.set(key, value)
    }
  }
  const fatal = faults.find(({ error }) => !missable(error))
  if (fatal !== undefined && faults.length === batches.length) throw fatal.error
  return new PartialResult(batches.length > 1 ? inOrder(found, wireKeys.keys()) : found, faults)
}

function batchesOf(asker: Asker, wireKeys: ReadonlyMap<string, string>): readonly Batch[] {
  const open = new Map<Server, Batch>()
  const batches: Batch[] = []
  for (const [key, wireKey] of wireKeys) {
    const server = asker.cluster.serverOf(wireKey)
    let batch = open.get(server)
    if (batch === undefined || batch.keys.length === MAX_KEYS) {
      batch = { server, keys: [], commands: [] }
      open.set(server, batch)
      batches.push(batch)
    }
    batch.keys.push(key)
    batch.commands.push({ verb: 'get', key: wireKey, withCas: false, exptime: undefined })
  }
  return batches
}

function* inOrder(
  found: ReadonlyMap<string, Buffer>,
  keys: Iterable<string>,
): Iterable<readonly [string, Buffer]> {
  for (const key of keys) {
    const value = found.get(key)
    if (value !== undefined) yield [key, value]
  }
}
