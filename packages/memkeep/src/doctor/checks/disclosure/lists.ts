import type { CheckContext } from '../../check.ts'
import { wordedEvidence } from '../../evidence.ts'
import type { Evidence } from '../../finding.ts'
import { isEnoughOf, readCachedump, readMetadump, type ListedItem } from '../../parse/item-lines.ts'
import { askLine, firstLine } from '../../parse/line.ts'
import { describeShapes } from '../data/key-shapes.ts'
import { withStranger } from '../visits.ts'

/** Lines after which the audit hangs up: the server stops listing then. */
const ENOUGH = 20

/** What a server did when it was asked to list its items. */
export interface Listing {
  readonly open: boolean
  readonly evidence: readonly Evidence[]
}

/** Asks as a stranger for the names of keys, in both ways that memcached has. Reads the start of the list alone. */
export async function tryLists(context: CheckContext): Promise<Listing> {
  const answers = await Promise.all([
    tryList(context, 'lru_crawler metadump hash', readMetadump),
    // of the smallest items; that there are none tells as much
    tryList(context, `stats cachedump 1 ${String(ENOUGH)}`, readCachedump),
  ])
  const open = answers.filter((answer) => answer.open)
  return {
    open: open.length > 0,
    evidence: open.flatMap(({ evidence }) => evidence),
  }
}

async function tryList(
  context: CheckContext,
  command: string,
  read: (received: Buffer) => readonly ListedItem[],
): Promise<Listing> {
  const received =
    (await withStranger(context, async (conversation) => {
      const reply = await conversation.ask(`${command}\r\n`, isEnoughOf(ENOUGH))
      return reply.received
    })) ?? Buffer.alloc(0)
  const items = read(received).slice(0, ENOUGH)
  const line = firstLine(received)
  if (items.length === 0 && !isEmptyList(line)) return { open: false, evidence: [] }
  const names = items.map(({ key }) => key)
  const answer = items.length === 0 ? (line ?? '') : `names of keys, not shown here: ${describeShapes(names)}`
  return { open: true, evidence: [wordedEvidence(command, answer)] }
}

/** What a server answers that would list items and has none, or cannot list them in this way or at this moment. */
function isEmptyList(line: string | undefined): boolean {
  return line !== undefined && /^(OK|END|BUSY |BADCLASS |NOTSTARTED )/.test(line)
}

/** Asks to watch nothing: answered by an error where watching is allowed, and by another one where it is not. */
export async function tryWatch(context: CheckContext): Promise<readonly Evidence[] | undefined> {
  const settings = await context.readSettings()
  // a server without it knows no such command, and answers alike
  if (settings?.values.has('watcher_logbuf_size') !== true) return undefined
  const line = await withStranger(context, (conversation) => askLine(conversation, 'watch nothing'))
  return line === 'ERROR'
    ? [
        wordedEvidence(
          'watch nothing',
          'ERROR: nothing to watch by that name, and no word that watching is not allowed',
        ),
      ]
    : undefined
}
