/** Options of `MemcachedClient` that `hardening()` may set and no client of others can follow. */
const CLIENT_ONLY = ['distribution', 'onServerDown', 'idleTimeout', 'discovery'] as const

/** A client of others, and what it does in the place of what `MemcachedClient` can be told. */
export interface ForeignClient {
  /** The adapter, for messages. */
  readonly owner: string
  /** The package that it adapts. */
  readonly original: string
  /** How it is given the servers: `as "server"`. */
  readonly servers: string
  /** The only protocol that it speaks. */
  readonly spoken: 'text' | 'binary'
  /** The authenticator because of which that is so. */
  readonly because?: string | undefined
}

/**
 * Refuses what layers that were spread may hold for `MemcachedClient`, and a client of others would ignore.
 *
 * @throws TypeError naming the option
 */
export function refuseClientOnlyOptions(
  given: object,
  { owner, original, servers, spoken, because }: ForeignClient,
): void {
  const options = given as Readonly<Record<string, unknown>>
  if (options['servers'] !== undefined) {
    throw new TypeError(`${owner}: "servers" is not an option: pass the servers ${servers}`)
  }
  const cure = 'from the options, URI or environment, or use MemcachedClient'
  const foreign = CLIENT_ONLY.find((name) => options[name] !== undefined)
  if (foreign !== undefined) {
    throw new TypeError(`${owner}: ${original} does not support "${foreign}": remove it ${cure}`)
  }
  const { protocol = 'auto' } = options
  if (protocol !== 'auto' && protocol !== spoken) {
    throw new TypeError(
      `${owner}: ${original} speaks the ${spoken} protocol only${because === undefined ? '' : ` with ${because}`}: remove "protocol" ${cure}`,
    )
  }
}
