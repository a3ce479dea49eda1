/** An item as a list of a cache's items names it. */
export interface ListedItem {
  /** Whatever was stored under: any bytes, be they line ends. */
  readonly key: Buffer
  /** Whether it ends by itself. */
  readonly expires: boolean
  /** Bytes of the value, or of the whole item, whichever is told; undefined where neither is. */
  readonly bytes: number | undefined
}

/** The items in what `lru_crawler metadump` answers; what is no whole line of one is left out. */
export function readMetadump(received: Buffer): readonly ListedItem[] {
  return wholeLines(received).flatMap((line) => {
    const [, key, end = '', rest = ''] = /^key=([\w%.~-]{1,750}) exp=(-?\d+)(.*)$/.exec(line) ?? []
    if (key === undefined) return []
    const size = / size=(\d{1,12})\b/.exec(rest)?.[1]
    return [
      {
        key: decodePercent(key),
        expires: Number(end) > 0,
        bytes: size === undefined ? undefined : Number(size),
      },
    ]
  })
}

/** The items in what `stats cachedump` answers, which writes names as they are: those with a space are left out. */
export function readCachedump(received: Buffer): readonly ListedItem[] {
  return wholeLines(received).flatMap((line) => {
    const [, key, bytes, end] = /^ITEM (\S{1,250}) \[(\d{1,12}) b; (\d+) s\]$/.exec(line) ?? []
    if (key === undefined) return []
    return [{ key: Buffer.from(key, 'latin1'), expires: end !== '0', bytes: Number(bytes) }]
  })
}

/** Whether a list of items has ended, has as many lines as are wanted, or was refused. */
export function isEnoughOf(lines: number): (received: Buffer) => boolean {
  return (received) => {
    if (received.toString('latin1', Math.max(0, received.length - 5)) === 'END\r\n') return true
    if (isRefusal(received)) return true
    let seen = 0
    for (let at = received.indexOf(LINE_FEED); at >= 0; at = received.indexOf(LINE_FEED, at + 1)) {
      if (++seen > lines) return true
    }
    return false
  }
}

const LINE_FEED = 0x0a

/** Whether what came is one line that is no item, nor the `OK` that newer servers begin with. */
function isRefusal(received: Buffer): boolean {
  const start = received.toString('latin1', 0, 5)
  return received.includes(LINE_FEED) && !/^(key=|ITEM |OK\r?\n)/.test(start)
}

function wholeLines(received: Buffer): readonly string[] {
  return received.toString('latin1').split(/\r?\n/).slice(0, -1)
}

/** memcached writes every byte of a name that is not unreserved in a URI as `%XX` (RFC 3986, section 2.1). */
function decodePercent(text: string): Buffer {
  return Buffer.from(
    text.replace(/%([\dA-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
}
