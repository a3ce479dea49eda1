import type { Asked, Saying, Verb, Wire } from './wire.ts'

const VERSION = 'VERSION 1.6.40\r\n'
const BUSY = 'SERVER_ERROR busy\r\n'
const TOO_LARGE = 'SERVER_ERROR object too large for cache\r\n'
const STATS = 'STAT item_size_max 1048576\r\nEND\r\n'

const VERBS: Readonly<Record<string, Verb>> = {
  ...{ mg: 'get', get: 'get', gets: 'get', ms: 'set', set: 'set', md: 'delete', delete: 'delete' },
  ...{ ma: 'increment', incr: 'increment', stats: 'stats', version: 'version' },
}

/** Commands that have a token. */
const META = new Set(['mg', 'ms', 'md', 'ma'])

/** How a server speaks meta, as since 1.6.18, or as before, without a token in a miss; and classic text as well. */
export function metaWire(tokenInMiss: boolean): Wire {
  return {
    name: 'meta',
    parse,
    hasToken: ({ classic }, { outcome }) => !classic && hasMetaToken(outcome, tokenInMiss),
    write: (asked, saying) =>
      plain(asked) ?? (asked.classic ? writeText(asked, saying) : writeMeta(asked, saying, tokenInMiss)),
  }
}

/** How a server speaks that knows nothing but classic text. */
export const textWire: Wire = {
  name: 'text',
  parse,
  hasToken: () => false,
  write: (asked, saying) =>
    plain(asked) ?? (asked.verb === 'question' ? 'ERROR\r\nERROR\r\n' : writeText(asked, saying)),
}

function parse(chunk: Buffer): Asked[] {
  const text = chunk.toString('latin1')
  const asked: Asked[] = []
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\r\n', at)
    const words = text.slice(at, end).split(' ')
    const [head = '', key = ''] = words
    const verb = VERBS[head]
    if (end < 0 || verb === undefined) throw new Error(`The client wrote ${JSON.stringify(text.slice(at))}`)
    at = end + 2
    let value = ''
    if (verb === 'set') {
      const bytes = Number(words[head === 'ms' ? 2 : 4])
      value = text.slice(at, at + bytes)
      if (text.slice(at + bytes, at + bytes + 2) !== '\r\n') throw new Error('The client wrote half a value')
      at += bytes + 2
    }
    asked.push({
      verb: key === 'memkeep' ? 'question' : key.startsWith('memkeep-probe-') ? 'probe' : verb,
      classic: !META.has(head),
      key: verb === 'stats' ? '' : key,
      opaque: Number(words.find((word) => /^O\d+$/.test(word))?.slice(1) ?? 0),
      withCas: head === 'gets' || (head === 'mg' && words.includes('c')),
      value,
    })
  }
  return asked
}

/** What has no meta command, and the question whether there are any. */
function plain({ verb }: Asked): string | undefined {
  if (verb === 'probe') return 'END\r\n'
  if (verb === 'version') return VERSION
  return verb === 'stats' ? STATS : undefined
}

function hasMetaToken(outcome: Saying['outcome'], tokenInMiss: boolean): boolean {
  return outcome === 'hit' || outcome === 'done' || (outcome === 'miss' && tokenInMiss)
}

function writeMeta(asked: Asked, { outcome, text, flags, cas }: Saying, tokenInMiss: boolean): string {
  if (asked.verb === 'question') return 'CLIENT_ERROR invalid mode for ms\r\n'
  const token = hasMetaToken(outcome, tokenInMiss) ? ` O${String(asked.opaque)}` : ''
  switch (outcome) {
    case 'hit': {
      const item = asked.verb === 'get' ? ` f${String(flags)}` : ''
      const unique = asked.withCas ? ` c${String(cas)}` : ''
      return `VA ${String(text.length)}${item}${unique}${token}\r\n${text}\r\n`
    }
    case 'miss':
      return `${asked.verb === 'get' ? 'EN' : 'NF'}${token}\r\n`
    case 'done':
      return `HD${token}\r\n`
    case 'error':
      return BUSY
    case 'too-large':
      return TOO_LARGE
  }
}

function writeText(asked: Asked, { outcome, text, flags, cas }: Saying): string {
  switch (outcome) {
    case 'hit': {
      if (asked.verb !== 'get') return `${text}\r\n`
      const unique = asked.withCas ? ` ${String(cas)}` : ''
      return `VALUE ${asked.key} ${String(flags)} ${String(text.length)}${unique}\r\n${text}\r\nEND\r\n`
    }
    case 'miss':
      return asked.verb === 'get' ? 'END\r\n' : 'NOT_FOUND\r\n'
    case 'done':
      return asked.verb === 'set' ? 'STORED\r\n' : 'DELETED\r\n'
    case 'error':
      return BUSY
    case 'too-large':
      return TOO_LARGE
  }
}
