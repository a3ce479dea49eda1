import { setTimeout as delay } from 'node:timers/promises'
import type { CheckContext, Conversation } from '../../check.ts'
import { areStatsWhole } from '../../engine/questions.ts'
import { isEnoughOf, readCachedump, readMetadump, type ListedItem } from '../../parse/item-lines.ts'
import { askLine, firstLine } from '../../parse/line.ts'
import { classicQuestion, metaQuestion } from '../../parse/stored-value.ts'
import { withFriend } from '../visits.ts'
import { shapesOf, type ShapeCounts } from './key-shapes.ts'
import { kindOf, type ValueKind } from './value-kinds.ts'

/** How many values are read. */
const VALUES = 100
/** How many names are looked at. */
const NAMES = 1_000
/** A larger value is left alone: reading it would cost the server more than it tells. */
const MAX_VALUE_BYTES = 256 * 1024
/** The highest class of `stats cachedump` (memcached's MAX_NUMBER_OF_SLAB_CLASSES). */
const CLASSES = 63
/** How often a crawler that is busy is asked, and the pause in between, in milliseconds. */
const BUSY_TRIES = 5
const BUSY_PAUSE = 200

/** What a sample of a cache came to. No name and no value is in it. */
export interface Sample {
  /** How the names were listed. */
  readonly command: string
  readonly names: number
  readonly shapes: ShapeCounts
  /** How many of the names end by themselves. */
  readonly expiring: number
  readonly values: readonly ValueKind[]
  /** How many values were left alone for their length. */
  readonly large: number
}

/** Why there is no sample, in words. */
export type NoSample = string

/** Samples what lies in the cache as a friend. A value is looked at and let go before the next is read. */
export async function takeSample(context: CheckContext): Promise<Sample | NoSample> {
  if (context.friendProtocol === 'binary') {
    return 'Whether stored values are encrypted: the binary protocol, which SASL needs, has no command that lists keys, so there is nothing to sample.'
  }
  const list = await listItems(context)
  if (typeof list === 'string') return list
  const chosen = list.items.filter(({ bytes = 0 }) => bytes <= MAX_VALUE_BYTES)
  return {
    command: list.command,
    names: list.items.length,
    shapes: shapesOf(list.items.map(({ key }) => key)),
    expiring: list.items.filter(({ expires }) => expires).length,
    values: await readValues(context, spread(chosen, VALUES)),
    large: list.items.length - chosen.length,
  }
}

interface List {
  readonly command: string
  readonly items: readonly ListedItem[]
}

const REFUSED =
  'Whether stored values are encrypted: the server lists no keys (it was started with -X), so there is nothing to sample.'
const UNREADABLE =
  'Whether stored values are encrypted: the server did not list its keys as memcached does, so there is nothing to sample.'

/** The names of some items: by a walk of the hash table, which is a fair sample; else by what older servers have. */
async function listItems(context: CheckContext): Promise<List | string> {
  let refused = false
  for (const command of ['lru_crawler metadump hash', 'lru_crawler metadump all']) {
    // on a connection that is closed in the middle of the list, which ends it on the server too
    const received = await dump(context, command)
    if (received === undefined) return UNREADABLE
    const items = readMetadump(received).slice(0, NAMES)
    if (items.length > 0 || received.includes('END\r\n')) return { command, items }
    refused ||= (firstLine(received) ?? '').includes('not allowed')
  }
  if (refused) return REFUSED
  return (await withFriend(context, listByClass)) ?? UNREADABLE
}

/** Asks again where the crawler has other work, which it often has for a moment. */
async function dump(context: CheckContext, command: string): Promise<Buffer | undefined> {
  for (let tries = 1; ; tries++) {
    const received = await withFriend(context, async (conversation) => {
      const reply = await conversation.ask(`${command}\r\n`, isEnoughOf(NAMES))
      return reply.received
    })
    const busy = received !== undefined && (firstLine(received) ?? '').startsWith('BUSY ')
    if (!busy || tries === BUSY_TRIES) return received
    await delay(BUSY_PAUSE, undefined, { signal: context.signal })
  }
}

/** The way of servers whose crawler is off, busy or not there. */
async function listByClass(conversation: Conversation): Promise<List | string> {
  const { received } = await conversation.ask('stats items\r\n', areStatsWhole)
  if (!/^(?:STAT items:|END$)/.test(firstLine(received) ?? '')) return UNREADABLE
  const classes = new Set(
    [...received.toString('latin1').matchAll(/^STAT items:(\d{1,2}):number \d+\r$/gm)].map(([, id]) =>
      Number(id),
    ),
  )
  const items: ListedItem[] = []
  const each = Math.ceil(NAMES / Math.max(1, classes.size))
  for (const id of classes) {
    if (id > CLASSES) continue
    const reply = await conversation.ask(
      `stats cachedump ${String(id)} ${String(each)}\r\n`,
      isEnoughOf(each),
    )
    if ((firstLine(reply.received) ?? '').includes('not allowed')) return REFUSED
    if (reply.end !== 'whole') break
    items.push(...readCachedump(reply.received))
  }
  if (items.length === 0 && classes.size > 0) return UNREADABLE
  return { command: 'stats cachedump', items: items.slice(0, NAMES) }
}

async function readValues(
  context: CheckContext,
  items: readonly ListedItem[],
): Promise<readonly ValueKind[]> {
  const kinds = await withFriend(context, async (conversation) => {
    const found: ValueKind[] = []
    // asked for a key that is not there, a server without meta commands says ERROR
    const ask = (await askLine(conversation, 'mn')) === 'MN' ? metaQuestion : classicQuestion
    for (const { key } of items) {
      const question = ask(key)
      if (question === undefined) continue
      const reply = await conversation.ask(question.sent, question.isWhole)
      if (reply.end !== 'whole') break
      const value = question.read(reply.received)
      if (value !== undefined) found.push(kindOf(value))
      reply.received.fill(0)
    }
    return found
  })
  return kinds ?? []
}

/** So many of them, from all over the list. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  const step = Math.max(1, items.length / count)
  return Array.from(
    { length: Math.min(count, items.length) },
    (_, index) => items[Math.floor(index * step)],
  ).filter((item) => item !== undefined)
}
