import type { Duplex } from 'node:stream'
import type { Conversation, Reply } from '../check.ts'
import type { Bounds } from './bounds.ts'

/** A conversation over an open connection, which is its own from now on. */
export class StreamConversation implements Conversation {
  readonly #stream: Duplex
  readonly #bounds: Bounds
  /** How the conversation ended; undefined while it goes on. */
  #ended: Omit<Reply, 'received'> | undefined
  #onEnded: (() => void) | undefined

  constructor(stream: Duplex, bounds: Bounds) {
    this.#stream = stream
    this.#bounds = bounds
    // for its life: a fault between two questions must not be thrown
    stream
      .on('error', (error: Error) => {
        this.#end({ end: 'failed', failure: describeFailure(error) })
      })
      .on('end', () => {
        this.#end({ end: 'closed', failure: undefined })
      })
      .on('close', () => {
        this.#end({ end: 'closed', failure: undefined })
      })
    if (stream.destroyed) this.#end({ end: 'closed', failure: undefined })
  }

  ask(sent: string | Buffer, isWhole: (received: Buffer) => boolean): Promise<Reply> {
    return new Promise((resolve) => {
      const stream = this.#stream
      const { quiet, answer, bytes } = this.#bounds
      const chunks: Buffer[] = []
      let length = 0
      const settle = (reply: Omit<Reply, 'received'>): void => {
        clearTimeout(quietTimer)
        clearTimeout(answerTimer)
        this.#onEnded = undefined
        stream.off('readable', onReadable)
        resolve({ ...reply, received: Buffer.concat(chunks) })
      }
      const onQuiet = (): void => {
        settle({ end: 'quiet', failure: undefined })
      }
      const onReadable = (): void => {
        for (let chunk = read(stream); chunk !== null; chunk = read(stream)) {
          chunks.push(chunk)
          length += chunk.length
        }
        if (length > bytes) {
          this.#end({ end: 'too-much', failure: undefined })
          return
        }
        if (length === 0) return
        quietTimer.refresh()
        try {
          if (isWhole(joined(chunks))) settle({ end: 'whole', failure: undefined })
        } catch (error) {
          // a parser that says by an error that it is not what was asked for
          this.#end({ end: 'failed', failure: error instanceof Error ? error.message : String(error) })
        }
      }
      const quietTimer = setTimeout(onQuiet, quiet)
      const answerTimer = setTimeout(onQuiet, answer)
      if (this.#ended !== undefined) {
        settle(this.#ended)
        return
      }
      this.#onEnded = () => {
        settle(this.#ended ?? { end: 'closed', failure: undefined })
      }
      stream.on('readable', onReadable)
      stream.write(sent)
    })
  }

  close(): void {
    this.#end({ end: 'closed', failure: undefined })
  }

  #end(reply: Omit<Reply, 'received'>): void {
    this.#stream.destroy()
    if (this.#ended !== undefined) return
    this.#ended = reply
    this.#onEnded?.()
  }
}

/** What went wrong, as a person looks it up: the system's or OpenSSL's code, where there is one. */
export function describeFailure(error: Error & { readonly code?: unknown }): string {
  return typeof error.code === 'string' ? error.code : error.message
}

function read(stream: Duplex): Buffer | null {
  return stream.read() as Buffer | null
}

/** What has come as one piece, which takes the pieces' place. */
function joined(chunks: Buffer[]): Buffer {
  if (chunks.length > 1) chunks.splice(0, chunks.length, Buffer.concat(chunks))
  return chunks[0] ?? Buffer.alloc(0)
}
