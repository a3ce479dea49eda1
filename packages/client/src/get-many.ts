import { named } from '@memkeep/core/internal'
import type { Asker } from './asker.ts'
import type { CallOptions } from './call-options.ts'
import { PartialResult, type ServerFault } from './partial-result.ts'
import type { GetCommand } from './protocol/command.ts'
import { oversizedFault, type Reply } from './protocol/reply.ts'
import { mayMove } from './rehash.ts'
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

const NO_SERVERS: ReadonlySet<Server> = new Set()

/** The keys of one request, by their place in the list of all. */
interface Batch {
  readonly server: Server
  readonly places: number[]
  readonly commands: GetCommand[]
}

/** Asks every server at once for those of the keys that belong to it. */
export async function getMany(
  asker: Asker,
  keys: Iterable<string>,
  { wireKey, value, missable, options }: GetManyOptions,
): Promise<PartialResult<string, Buffer>> {
  const all = [...new Set(keys)]
  // one bad key, and nothing is sent
  const wireKeys = all.map(wireKey)
  await asker.known(options)
  const deadline = asker.deadlineOf(options)
  const values: (Buffer | undefined)[] = new Array<Buffer | undefined>(all.length)
  const faults: ServerFault[] = []
  /** By the place of their keys. */
  const oversized = new Map<number, ServerFault>()
  const unreachable = new Set<Server>()
  let batches = batchesOf(asker, wireKeys)
  let asked = 0
  for (let left = options; batches.length > 0; left = asker.untilDeadline(options, deadline)) {
    asked += batches.length
    const moved: number[] = []
    const results = await Promise.allSettled(
      batches.map(({ server, places, commands }) => {
        let hit = false
        return asker.askServer(server, {
          operation: 'getMany',
          commands,
          take: (reply, index) => {
            const place = places[index] ?? 0
            const key = all[place] ?? ''
            if (reply.status === 'oversized') {
              const error = named(server.name, oversizedFault(reply))
              oversized.set(place, { server: server.name, keys: [key], error })
              return hit
            }
            const found = value(key, reply)
            values[place] = found
            hit ||= found !== undefined
            return hit
          },
          options: left,
        })
      }),
    )
    for (const [index, { server, places, commands }] of batches.entries()) {
      const result = results[index]
      if (result?.status !== 'rejected') continue
      const error = result.reason as unknown
      // what came before the error came is not the whole answer
      for (const place of places) {
        values[place] = undefined
        oversized.delete(place)
      }
      if (asker.rehashes && mayMove(error, commands)) {
        unreachable.add(server)
        if (places.every((place) => asker.cluster.nextServerOf(wireKeys[place] ?? '', unreachable))) {
          moved.push(...places)
          asked--
          continue
        }
      }
      faults.push({ server: server.name, keys: places.map((place) => all[place] ?? ''), error })
    }
    batches = batchesOf(asker, wireKeys, moved, unreachable)
  }
  const fatal = faults.find(({ error }) => !missable(error))
  if (fatal !== undefined && faults.length === asked) throw fatal.error
  const found = new PartialResult<string, Buffer>([...faults, ...oversized.values()])
  for (const [place, value] of values.entries()) {
    if (value !== undefined) found.set(all[place] ?? '', value)
  }
  return found
}

/**
 * @param places of the keys that are asked for. Default: all
 * @param without servers that cannot be reached
 */
function batchesOf(
  asker: Asker,
  wireKeys: readonly string[],
  places: Iterable<number> = wireKeys.keys(),
  without: ReadonlySet<Server> = NO_SERVERS,
): readonly Batch[] {
  const open = new Map<Server, Batch>()
  const batches: Batch[] = []
  for (const place of places) {
    const key = wireKeys[place] ?? ''
    const server =
      (without.size > 0 ? asker.cluster.nextServerOf(key, without) : undefined) ?? asker.cluster.serverOf(key)
    let batch = open.get(server)
    if (batch === undefined || batch.places.length === MAX_KEYS) {
      batch = { server, places: [], commands: [] }
      open.set(server, batch)
      batches.push(batch)
    }
    batch.places.push(place)
    batch.commands.push({ verb: 'get', key, withCas: false, exptime: undefined })
  }
  return batches
}
