import { MemcachedClient, type MemcachedClientOptions } from '@memkeep/client'
import { MemkeepError } from '@memkeep/core'
import { ownProperties } from '@memkeep/core/internal'
import { readablePassword } from './build.ts'
import type { AnyHardening } from './hardened.ts'
import { hardening, type HardeningSource } from './hardening.ts'
import { pickClientSettings } from './options.ts'

/** Options of the client that {@link connect} makes, beside its servers and layers. */
export type ConnectOptions = Omit<MemcachedClientOptions, 'servers' | 'transport' | 'auth' | 'middleware'>

/** Milliseconds that a first answer has beyond those for connecting, whose faults say more. */
const GRACE = 1_000
const CONNECT_TIMEOUT = 5_000

/** A client with the layers that it was connected with; it closes them with itself. */
export class HardenedClient extends MemcachedClient {
  readonly #hardening: AnyHardening

  constructor(layers: AnyHardening, options: ConnectOptions) {
    // by their names: the client takes no property that it does not know
    const { servers, transport, auth, middleware } = layers
    const settings = pickClientSettings(layers)
    const twice = Object.keys(settings).find((name) => Object.hasOwn(options, name))
    if (twice !== undefined) {
      throw new TypeError(`connect: "${twice}" is set with the servers and in the options: keep one of them`)
    }
    super({
      ...options,
      ...settings,
      servers,
      ...(transport !== undefined && { transport }),
      ...(auth !== undefined && { auth }),
      ...(middleware !== undefined && { middleware }),
    })
    this.#hardening = layers
  }

  /** The layers, for other adapters too while this client is open. */
  get hardening(): AnyHardening {
    return this.#hardening
  }

  /** What is on and what is not, in words. */
  describe(): string {
    return this.#hardening.describe()
  }

  override async close(options: { readonly timeout?: number } = {}): Promise<void> {
    try {
      await super.close(options)
    } finally {
      this.#hardening.close()
    }
  }
}

/**
 * A client that is ready: every server has answered over the layers that were asked for. Nothing is left open when one
 * does not.
 *
 * @example
 * await using client = await connect('memcacheds://user:password@cache1?ca=/etc/ssl/ca.pem')
 * await client.set('greeting', 'hello', { ttl: 60 })
 *
 * @param source as {@link hardening}
 * @param options the client's own
 * @throws as {@link hardening}, and MemkeepError for a server that does not answer, or refuses us
 */
export async function connect(
  source?: HardeningSource,
  options: ConnectOptions = {},
): Promise<HardenedClient> {
  const layers = source === undefined ? hardening() : hardening(source)
  let client: HardenedClient | undefined
  try {
    client = new HardenedClient(layers, options)
    const { connectTimeout = CONNECT_TIMEOUT } = ownProperties('connect', options)
    const timeout = connectTimeout + GRACE
    const { faults } = await client.version({ timeout })
    const [first, ...others] = faults
    if (first === undefined) return client
    if (others.length === 0) throw first.error
    const messages = faults.map(({ error }) => (error instanceof Error ? error.message : String(error)))
    throw new MemkeepError(
      first.error instanceof MemkeepError ? first.error.code : 'ERR_MEMKEEP_CONNECT_FAILED',
      `${String(faults.length)} of ${String(layers.servers.length)} servers cannot be used: ${messages.join(' ')}`,
      { cause: new AggregateError(faults.map(({ error }) => error)) },
    )
  } catch (error) {
    await client?.close({ timeout: 1 })
    layers.close()
    throw inWordsOfUris(error, source)
  }
}

/** What a layer says for those who call it says nothing to one who wrote a URI. */
function inWordsOfUris(error: unknown, source: HardeningSource | undefined): unknown {
  const written = source === undefined || typeof source === 'string' || Object.hasOwn(source, 'env')
  if (!written || !(error instanceof MemkeepError) || error.code !== 'ERR_MEMKEEP_AUTH_INSECURE_CHANNEL') {
    return error
  }
  const [, server = 'a server'] = /^The password for (\S+) would/.exec(error.message) ?? []
  return readablePassword(server, error)
}
