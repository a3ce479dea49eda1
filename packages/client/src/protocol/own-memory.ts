import { markAsUntransferable } from 'node:worker_threads'

/** What small values are cut from, in bytes: as large as Node's own pool, so that one keeps no more alive than usual. */
const SLAB_BYTES = 8192
/** From here on, in bytes, a value gets memory to itself. */
const LARGE_BYTES = SLAB_BYTES / 2

const EMPTY: Buffer = Buffer.alloc(0)

/**
 * Copies values out of received bytes, which may be large, into memory that lives as long as its values. Small
 * values that were received together are copied together: a copy of 8 kB costs little more than one of 100 B. They
 * share an `ArrayBuffer` then. One for each would take a quarter of the gets of 100 B, 256 at once.
 */
export class OwnMemory {
  #slab: Buffer = EMPTY
  #source: Buffer | undefined
  #from = 0
  #owned: Buffer | undefined

  /** Says that those bytes are shared with nobody: a value that is most of them may keep them. */
  own(data: Buffer): void {
    this.#owned = data
  }

  /** `data` from `start` up to `end`, in memory that is not the received bytes'. */
  copy(data: Buffer, start: number, end: number): Buffer {
    if (end - start >= LARGE_BYTES) {
      if (data === this.#owned && (end - start) * 2 > data.length) return data.subarray(start, end)
      const own = Buffer.allocUnsafeSlow(end - start)
      data.copy(own, 0, start, end)
      return own
    }
    if (data !== this.#source || start < this.#from || end > this.#from + this.#slab.length) {
      const bytes = Math.min(SLAB_BYTES, data.length - start)
      this.#slab = bytes < LARGE_BYTES ? Buffer.allocUnsafe(bytes) : newSlab(bytes)
      data.copy(this.#slab, 0, start, start + bytes)
      this.#source = data
      this.#from = start
    }
    return this.#slab.subarray(start - this.#from, end - this.#from)
  }

  /** Lets go of what was copied from last: it is about to be gone. */
  forget(): void {
    this.#source = this.#owned = undefined
    this.#slab = EMPTY
  }
}

/** Memory that no caller can transfer to another thread, as Node's own pool: other callers' values would go with it. */
function newSlab(bytes: number): Buffer {
  const slab = Buffer.allocUnsafeSlow(bytes)
  markAsUntransferable(slab.buffer)
  return slab
}
