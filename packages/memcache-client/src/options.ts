import type { Hardening } from '@memkeep/client'
import type { MemcacheClientOptions } from 'memcache-client'

/** Options of `HardenedMemcacheClient`: those of memcache-client but its `tls`, and the layers. */
export interface HardenedMemcacheClientOptions extends Omit<MemcacheClientOptions, 'tls'>, Hardening {
  /** Whether `send`, `xsend` and `cmd` may send text past a middleware that changes keys or values. Default false. */
  readonly dangerouslyAllowRawCommands?: boolean | undefined
}

/** @throws TypeError for the original's way to TLS, which verifies what it is told to, and hangs on older servers */
export function refuseTlsOption(options: object): void {
  if (!('tls' in options) || options.tls === undefined) return
  throw new TypeError(
    'HardenedMemcacheClient: "tls" is the original\'s: hand in transport: tls({ ca }) of @memkeep/tls instead',
  )
}
