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
export async function firstOf(channel: Channel, signal: AbortSignal): Promise<Buffer | Error | undefined> {
  let timer: NodeJS.Timeout | undefined
  const first = await new Promise<Buffer | Error | undefined>((resolve) => {
    const nothing = (): void => {
      resolve(undefined)
    }
    channel.once('data', resolve).once('error', resolve).once('close', nothing)
    signal.addEventListener('abort', nothing, { once: true })
    timer = time.setTimeout(nothing, PATIENCE)
  })
  time.clearTimeout(timer)
  channel.destroy()
  return first
}
