/** How many keys are remembered; a power of two. */
const SLOTS = 4096
/** The longest key, in characters, that is remembered, which bounds the memory. */
const MAX_CHARACTERS = 64

/**
 * The places of keys that were looked up lately: a cache is asked for the same keys again and again, and to hash one
 * and search the circle for it takes longer than the rest of sending a command. Each key has one slot, which it takes
 * from the one before.
 */
export class PlaceMemo {
  readonly #keys = new Array<string | undefined>(SLOTS).fill(undefined)
  /** The whole hashes of the keys, so that another key's memory is mostly not looked at. */
  readonly #hashes = new Int32Array(SLOTS)
  readonly #places = new Uint32Array(SLOTS)
  readonly #find: (key: string) => number

  /** @param find finds the place of a key, always the same */
  constructor(find: (key: string) => number) {
    this.#find = find
  }

  placeOf(key: string): number {
    if (key.length > MAX_CHARACTERS) return this.#find(key)
    const hash = hashOf(key)
    const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1)
    if (this.#hashes[slot] === hash && this.#keys[slot] === key) return this.#places[slot] ?? 0
    const place = this.#find(key)
    this.#hashes[slot] = hash
    this.#keys[slot] = key
    this.#places[slot] = place
    return place
  }
}

function hashOf(key: string): number {
  let hash = 0
  for (let at = 0; at < key.length; at++) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0
  return hash
}
