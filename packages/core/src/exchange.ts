import { MemkeepError } from './errors.ts'
import type { Channel } from './transport.ts'

/** The most bytes that an answer during a handshake may have. */
const MAX_ANSWER_BYTES = 65_536

/** What a parser found at the start of the received bytes. */
export interface Parsed<T> {
  readonly value: T
  /** How many bytes the answer took. */
  readonly length: number
}

/**
 * Says one thing on a quiet channel and waits for the one answer: the shape of every exchange before the first
 * command. Leaves the channel paused, with nothing unread.
 *
 * @param parse gives the answer, or undefined while it is incomplete
 * @throws MemkeepError `ERR_MEMKEEP_CONNECTION_LOST`, `ERR_MEMKEEP_PROTOCOL`; the channel's own error; the signal's reason
 */
export function exchange<T>(
  channel: Channel,
  request: Buffer,
  parse: (received: Buffer) => Parsed<T> | undefined,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)

    const settle = (finish: () => void): void => {
      channel.off('data', onData).off('error', onError).off('close', onClose).off('end', onClose)
      signal.removeEventListener('abort', onAbort)
      channel.pause()
      finish()
    }
    const fail = (error: unknown): void => {
      settle(() => {
        reject(error instanceof Error ? error : new Error(String(error)))
      })
    }
    const onAbort = (): void => {
      fail(signal.reason)
    }
    const onError = (error: Error): void => {
      fail(error instanceof MemkeepError ? error : lost(error))
    }
    const onClose = (): void => {
      fail(channel.errored instanceof MemkeepError ? channel.errored : lost(channel.errored))
    }
    const onData = (chunk: Buffer): void => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      try {
        const parsed = parse(received)
        if (parsed?.length === received.length) {
          settle(() => {
            resolve(parsed.value)
          })
        } else if (parsed !== undefined || received.length > MAX_ANSWER_BYTES) {
          fail(unexpected())
        }
      } catch (error) {
        fail(error)
      }
    }

    if (signal.aborted) {
      onAbort()
    } else if (channel.destroyed || channel.errored !== null) {
      onClose()
    } else {
      signal.addEventListener('abort', onAbort, { once: true })
      channel.on('data', onData).on('error', onError).on('close', onClose).on('end', onClose)
      channel.resume()
      channel.write(request)
    }
  })
}

/** Takes one line ending in CR LF, without its end. */
export function parseLine(received: Buffer): Parsed<string> | undefined {
  const end = received.indexOf('\r\n')
  return end < 0 ? undefined : { value: received.toString('latin1', 0, end), length: end + 2 }
}

function lost(cause: Error | null): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_CONNECTION_LOST',
    'The server closed the connection before its first answer: check that the address is a memcached server and whether it demands TLS.',
    { cause },
  )
}

function unexpected(): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_PROTOCOL',
    'The server answered with more than was asked: check that the address is a memcached server.',
  )
}
