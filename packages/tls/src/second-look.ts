import { formatEndpoint, type Channel, type Endpoint, type Transport } from '@memkeep/core'
import { connectionLimit, time } from '@memkeep/core/internal'

/** Milliseconds that a server has to say something by itself on a second connection. */
const PATIENCE = 1_000

/**
 * The error of a server that answered TLS in plain text because it has no connection left, as another connection
 * shows, on which nothing is written; undefined for any other.
 */
export async function lookForConnectionLimit(
  endpoint: Endpoint,
  wire: Transport,
  signal: AbortSignal,
): Promise<Error | undefined> {
  const channel = await wire.connect(endpoint, { signal }).catch(() => undefined)
  if (channel === undefined) return undefined
  const first = await firstOf(channel, signal)
  return Buffer.isBuffer(first) ? connectionLimit(formatEndpoint(endpoint), first) : undefined
}

/** What a server does first by itself: bytes, an error, or undefined when it does nothing. Destroys the channel. */
export function firstOf(channel: Channel, signal: AbortSignal): Promise<Buffer | Error | undefined> {
  return new Promise((resolve) => {
    const settle = (first?: Buffer | Error): void => {
      time.clearTimeout(timer)
      signal.removeEventListener('abort', nothing)
      channel.destroy()
      resolve(first)
    }
    const nothing = (): void => {
      settle()
    }
    const timer = time.setTimeout(nothing, PATIENCE)
    channel.once('data', settle).once('error', settle).once('close', nothing)
    signal.addEventListener('abort', nothing, { once: true })
  })
}
