import { connectionLimit } from './connection-limit.ts'
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

/** Whom an exchange is with, and what ends it. */
export interface ExchangeOptions {
  /** The server as the user wrote it, for messages. */
  readonly server: string
  readonly signal: AbortSignal
}

/**
 * Says one thing on a quiet channel and waits for the one answer: the shape of every exchange before the first
 * command. Leaves nothing unread, and the channel as a new one is: it flows when somebody listens.
 *
 * @param parse gives the answer, or undefined while it is incomplete
 * @throws MemkeepError `ERR_MEMKEEP_CONNECTION_LOST`, `ERR_MEMKEEP_CONNECTION_LIMIT`, `ERR_MEMKEEP_PROTOCOL`; the channel's own error; the signal's reason
 */
export function exchange<T>(
  channel: Channel,
  request: Buffer,
  parse: (received: Buffer) => Parsed<T> | undefined,
  { server, signal }: ExchangeOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)

    const settle = (finish: () => void): void => {
      channel.off('readable', onReadable).off('error', onError).off('close', onClose).off('end', onClose)
      signal.removeEventListener('abort', onAbort)
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
      fail(error instanceof MemkeepError ? error : lost(server, error))
    }
    const onClose = (): void => {
      fail(channel.errored instanceof MemkeepError ? channel.errored : lost(server, channel.errored))
    }
    const onReadable = (): void => {
      for (let chunk = read(channel); chunk !== null; chunk = read(channel)) {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      }
      const limit = connectionLimit(server, received)
      if (limit !== undefined) {
        fail(limit)
        return
      }
      try {
        const parsed = parse(received)
        if (parsed?.length === received.length) {
          settle(() => {
            resolve(parsed.value)
          })
        } else if (parsed !== undefined || received.length > MAX_ANSWER_BYTES) {
          fail(unexpected(server))
        }
      } catch (error) {
        fail(named(server, error))
      }
    }

    if (signal.aborted) {
      onAbort()
    } else if (channel.destroyed || channel.errored !== null) {
      onClose()
    } else {
      signal.addEventListener('abort', onAbort, { once: true })
      // not 'data' and pause(), after which it would not flow by itself for whoever has it next
      channel.on('readable', onReadable).on('error', onError).on('close', onClose).on('end', onClose)
      channel.write(request)
    }
  })
}

function read(channel: Channel): Buffer | null {
  return channel.read() as Buffer | null
}

/** Takes one line ending in CR LF, without its end. */
export function parseLine(received: Buffer): Parsed<string> | undefined {
  const end = received.indexOf('\r\n')
  return end < 0 ? undefined : { value: received.toString('latin1', 0, end), length: end + 2 }
}

function lost(server: string, cause: Error | null): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_CONNECTION_LOST',
    `${server} closed the connection before its first answer: check that it is a memcached server, that the memcached behind it runs if it is a proxy, and whether it demands TLS or SASL.`,
    { cause },
  )
}

function unexpected(server: string): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_PROTOCOL',
    `${server} answered with more than was asked: check that the address is a memcached server.`,
  )
}

/** An error about "The server", with its name instead. */
export function named(server: string, error: unknown): unknown {
  if (!(error instanceof MemkeepError) || !error.message.startsWith(NAMELESS)) return error
  return new MemkeepError(error.code, server + error.message.slice(NAMELESS.length), { cause: error.cause })
}

const NAMELESS = 'The server'
