import { isEveryInterface } from '../engine/addresses.ts'

/** One part of memcached's `-l`. */
export interface Listener {
  /** As it is written. */
  readonly text: string
  /** A name or an address without brackets; undefined for every interface. */
  readonly host: string | undefined
  /** Whether it takes plaintext on a server that has TLS. */
  readonly withoutTls: boolean
}

/** What may stand before the address, in this order (`-l` of memcached's manual). */
const PREFIX = /^(?:(notls|btls|mtls):)?(?:proto\[[^\]]*\]:)?(?:tag(?:\[[^\]]*\]|_[^_]*_):)?/

/** Reads `inter` of `stats settings`, which is what `-l` was given; `NULL` is every interface. */
export function parseListeners(inter: string): readonly Listener[] {
  if (inter === 'NULL') return [{ text: 'every interface', host: undefined, withoutTls: false }]
  return inter
    .split(/[;,]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((text) => {
      const prefix = PREFIX.exec(text)
      const host = hostOf(text.slice(prefix?.[0].length ?? 0))
      return {
        text,
        host: host === '*' || isEveryInterface(host) ? undefined : host,
        withoutTls: prefix?.[1] === 'notls',
      }
    })
}

/** An address is in brackets if it is IPv6 with a port; without them, one colon alone stands before a port. */
function hostOf(address: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(address)
  if (bracketed !== null) return bracketed[1] ?? ''
  return /^[^:]*:\d+$/.test(address) ? address.slice(0, address.indexOf(':')) : address
}
