import {
  openChannel,
  parseEndpoint,
  tcp,
  type Authenticator,
  type Channel,
  type Transport,
} from '@memkeep/core'

/** How a test opens a channel. */
export interface OpenOptions {
  /** Default: plain TCP. */
  readonly transport?: Transport
  /** Milliseconds. */
  readonly timeout?: number
  readonly onRetire?: () => void
}

/** Opens a channel that the server has accepted. */
export function open(
  address: string,
  auth: Authenticator | undefined,
  { transport = tcp(), timeout = 10_000, onRetire }: OpenOptions = {},
): Promise<Channel> {
  const signal = AbortSignal.timeout(timeout)
  return openChannel(parseEndpoint(address), { transport, auth, signal, onRetire })
}

/** Opens one, and closes it. */
export async function opens(
  address: string,
  auth: Authenticator | undefined,
  options?: OpenOptions,
): Promise<void> {
  const channel = await open(address, auth, options)
  channel.destroy()
}

/** Reaches `address` whatever it is asked for, as a name elsewhere that resolves to it would. */
export function pretendingToBe(address: string): Transport {
  return { ...tcp(), connect: (_endpoint, options) => tcp().connect(parseEndpoint(address), options) }
}
