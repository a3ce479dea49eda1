/** The namespace of a Keyv 5 that is given none. */
export const DEFAULT_NAMESPACE = 'keyv'

/**
 * The namespaces of the Keyvs that share an adapter. Keyv 5 sets its own on the adapter, puts it before every key with a
 * colon, and passes it to no call: the namespace of a key is read from the key.
 */
export class KeyvNamespaces {
  #all: readonly (string | undefined)[]
  #keyvs = 0
  #expectsAnother = false

  /** @param namespace used until a Keyv sets one */
  constructor(namespace: string | undefined) {
    this.#all = [namespace]
  }

  /** Those of all Keyvs; the one that was set last comes last. */
  get all(): readonly (string | undefined)[] {
    return this.#all
  }

  /** The one that was set last. */
  get current(): string | undefined {
    return this.#all.at(-1)
  }

  /** Notes that the next namespace is that of one more Keyv, not another one of the same Keyv. */
  expectAnother(): void {
    this.#expectsAnother = true
  }

  /** @throws TypeError for a namespace whose keys cannot be told from those of another one */
  set(namespace: string | undefined): void {
    if (this.#expectsAnother) this.#keyvs++
    this.#expectsAnother = false
    const others = this.#keyvs > 1 ? this.#all.filter((other) => other !== namespace) : []
    if (others.some((other) => areAmbiguous(namespace, other))) {
      throw new TypeError(
        'Keyvs cannot share this adapter when the namespace of one is empty or the beginning of another, since their keys begin alike: give each Keyv an adapter of its own, new KeyvMemcached({ client }) with one client for all',
      )
    }
    this.#all = [...others, namespace]
  }

  /** The namespace of a key. */
  of(key: string): string | undefined {
    if (this.#all.length === 1) return this.current
    return this.#all.find((namespace) => key.startsWith(`${String(namespace)}:`)) ?? this.current
  }
}

function areAmbiguous(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return true
  return one.startsWith(`${other}:`) || other.startsWith(`${one}:`)
}
