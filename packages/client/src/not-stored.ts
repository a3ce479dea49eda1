import { MemkeepError } from '@memkeep/core'
import type { Asker } from './asker.ts'
import type { CallOptions } from './call-options.ts'
import type { StoreCommand } from './protocol/command.ts'
import { statsTaker, takeDone } from './results.ts'

/** What is known of a value that is too large. */
export interface TooLarge {
  /** The client's own limit in bytes; Infinity without one. */
  readonly limit: number
  readonly options: CallOptions | undefined
}

/**
 * Deletes what a key held before a value that was too large to replace it, so that nobody reads a stale one, and
 * rejects with what is known.
 *
 * @throws MemkeepError `ERR_MEMKEEP_VALUE_TOO_LARGE`, with the limit and the size
 */
export async function deleteTooLarge(
  asker: Asker,
  { verb, key, value }: StoreCommand,
  { limit, options }: TooLarge,
): Promise<never> {
  const size = value.length
  const isOwn = size > limit
  // the delete goes first: a proxy may close the connection at a command that it does not know
  const [old, most] = await Promise.all([
    deleteOld(asker, { verb, key }, options),
    isOwn ? limit : askLargestItem(asker, key, options),
  ])
  const why = isOwn
    ? `is larger than the limit of ${String(limit)} bytes ("maxValueBytes")`
    : most === undefined
      ? 'is larger than the server takes'
      : `does not fit into the server's largest item of ${String(most)} bytes, towards which the key and the item's header count too`
  throw new MemkeepError(
    'ERR_MEMKEEP_VALUE_TOO_LARGE',
    `The value of ${String(size)} bytes ${why}. ${old}. Store less, or raise ${isOwn ? 'it' : '-I of the server'}.`,
  )
}

/**
 * Deletes what a key held before a value for which the server had no memory, as {@link deleteTooLarge} does.
 *
 * @throws MemkeepError `ERR_MEMKEEP_OUT_OF_MEMORY`
 */
export async function deleteAfterOutOfMemory(
  asker: Asker,
  { verb, key, value }: StoreCommand,
  options: CallOptions | undefined,
): Promise<never> {
  const old = await deleteOld(asker, { verb, key }, options)
  throw new MemkeepError(
    'ERR_MEMKEEP_OUT_OF_MEMORY',
    `The server has no memory for the value of ${String(value.length)} bytes. ${old}. Raise its -m, start it without -M, or store less.`,
  )
}

async function deleteOld(
  asker: Asker,
  { verb, key }: Pick<StoreCommand, 'verb' | 'key'>,
  options: CallOptions | undefined,
): Promise<string> {
  if (verb !== 'set' && verb !== 'replace') return 'What the key held before is unchanged'
  try {
    await asker.ask(key, {
      operation: 'delete',
      commands: { verb: 'delete', key },
      take: takeDone,
      options,
      continues: true,
    })
    return 'What the key held before is deleted'
  } catch {
    return 'What the key held before could not be deleted and may be stale'
  }
}

/** The largest item of a server that reports it; a proxy, which speaks classic text, is not asked. */
async function askLargestItem(
  asker: Asker,
  key: string,
  options: CallOptions | undefined,
): Promise<number | undefined> {
  if (asker.cluster.serverOf(key).protocol === 'text') return undefined
  try {
    const settings = await asker.ask(key, {
      operation: 'stats',
      commands: { verb: 'stats', group: 'settings' },
      take: statsTaker('settings'),
      options,
      continues: true,
    })
    const limit = Number(settings.get('item_size_max'))
    return limit > 0 ? limit : undefined
  } catch {
    return undefined
  }
}
