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
  const [serverLimit, old] = await Promise.all([
    size > limit ? limit : askLimit(asker, key, options),
    verb === 'set' || verb === 'replace'
      ? deleteOld(asker, key, options)
      : 'What the key held before is unchanged',
  ])
  const most =
    serverLimit === undefined ? 'than the server takes' : `than the limit of ${String(serverLimit)} bytes`
  throw new MemkeepError(
    'ERR_MEMKEEP_VALUE_TOO_LARGE',
    `The value of ${String(size)} bytes is larger ${most}. ${old}. Store less, or raise the limit: "maxValueBytes" here, -I on the server.`,
  )
}

async function deleteOld(asker: Asker, key: string, options: CallOptions | undefined): Promise<string> {
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

/** The longest item that the server takes, if it says so. */
async function askLimit(
  asker: Asker,
  key: string,
  options: CallOptions | undefined,
): Promise<number | undefined> {
  try {
    const settings = await asker.ask(key, {
      operation: 'stats',
      commands: { verb: 'stats', group: 'settings' },
      take: statsTaker(),
      options,
      continues: true,
    })
    const limit = Number(settings.get('item_size_max'))
    return limit > 0 ? limit : undefined
  } catch {
    return undefined
  }
}
