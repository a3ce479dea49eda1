/** The keys that are asked for at the moment, by what the server knows them as. */
export class AskedKeys {
  readonly #keys = new Map<string, { readonly key: string; count: number }>()

  add(wireKey: string, key: string): void {
    const asked = this.#keys.get(wireKey)
    if (asked === undefined) this.#keys.set(wireKey, { key, count: 1 })
    else asked.count++
  }

  remove(wireKey: string): void {
    const asked = this.#keys.get(wireKey)
    if (asked !== undefined && --asked.count === 0) this.#keys.delete(wireKey)
  }

  /** The caller's key; what nobody asked for by name, as after a raw command, is its own. */
  keyOf(wireKey: string): string {
    return this.#keys.get(wireKey)?.key ?? wireKey
  }
}
