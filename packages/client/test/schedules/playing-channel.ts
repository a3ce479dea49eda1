import { Duplex } from 'node:stream'

/** The client's end of a connection that is all in memory: what it writes is handed over at once. */
export class PlayingChannel extends Duplex {
  readonly #onWrite: (chunk: Buffer) => void

  constructor(onWrite: (chunk: Buffer) => void) {
    super({ allowHalfOpen: false })
    this.#onWrite = onWrite
    // as the contract of Transport demands
    this.on('error', () => undefined)
  }

  override _read(): void {
    // the server speaks when it wants to
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#onWrite(chunk)
    done()
  }

  override _final(done: () => void): void {
    done()
  }
}
