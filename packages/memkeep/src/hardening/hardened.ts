import { inspect } from 'node:util'
import { formatEndpoint } from '@memkeep/core'
import type { EncryptionLayer } from '@memkeep/encryption'
import type { PasswordAuthenticator } from '@memkeep/sasl'
import type { TlsTransport } from '@memkeep/tls'
import { build, type Layers } from './build.ts'
import { describeLayers } from './describe.ts'
import type { ClientSettings, HardeningOptions } from './options.ts'

/** The servers as adapters take them, one at least: `memcacheds://cache1:11211` where TLS is on, else `cache1:11211`. */
export type Servers = readonly [string, ...string[]]

/** What {@link Hardening} can tell and do. None of it is an option of an adapter. */
interface Methods extends Disposable {
  /**
   * What is on and what is not, in words: the servers, and a line for each question. Can the network read or change
   * it? Can strangers use it? Can the server see the data?
   */
  describe(): string
  /** The same. */
  toString(): string
  /** Looks after files of certificates, passwords and keys no more. What is open goes on. */
  close(): void
}

/** The layers of any hardening: those that were not asked for are absent properties. */
export interface AnyHardening extends Methods, ClientSettings {
  readonly servers: Servers
  readonly transport?: TlsTransport
  readonly auth?: PasswordAuthenticator
  readonly middleware?: readonly [EncryptionLayer]
}

/** The layers that options ask for: what was asked for is there. */
export type Hardening<Options = HardeningOptions> = Omit<AnyHardening, Asked<Options>> &
  Required<Pick<AnyHardening, Asked<Options>>>

/** The properties that options make sure of. */
type Asked<Options> =
  | (Options extends { readonly tls: object | true } ? 'transport' : never)
  | (Options extends { readonly sasl: object } | { readonly asciiAuth: object } ? 'auth' : never)
  | (Options extends { readonly encryption: object } ? 'middleware' : never)

/** Layers as adapters take them; its own properties are their options, and nothing else. */
export class HardeningLayers implements AnyHardening {
  readonly servers: Servers
  declare readonly transport?: TlsTransport
  declare readonly auth?: PasswordAuthenticator
  declare readonly middleware?: readonly [EncryptionLayer]
  declare readonly protocol?: NonNullable<ClientSettings['protocol']>
  declare readonly distribution?: NonNullable<ClientSettings['distribution']>
  declare readonly onServerDown?: NonNullable<ClientSettings['onServerDown']>
  declare readonly discovery?: NonNullable<ClientSettings['discovery']>
  declare readonly idleTimeout?: NonNullable<ClientSettings['idleTimeout']>
  readonly #layers: Layers

  static {
    Object.defineProperty(HardeningLayers.prototype, inspect.custom, {
      value(this: HardeningLayers) {
        return this.toString()
      },
    })
  }

  /** @throws as {@link hardening} */
  constructor(options: HardeningOptions) {
    const layers = build(options)
    const { transport, auth, encryption } = layers
    this.#layers = layers
    this.servers = layers.endpoints.map((endpoint) => {
      const address = formatEndpoint(endpoint)
      return endpoint.secure === true ? `memcacheds://${address}` : address
    }) as readonly string[] as Servers
    if (transport !== undefined) this.transport = transport
    if (auth !== undefined) this.auth = auth
    if (encryption !== undefined) this.middleware = [encryption]
    Object.assign(this, layers.client)
  }

  describe(): string {
    return describeLayers(this.#layers)
  }

  close(): void {
    this.#layers.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  toString(): string {
    return this.describe()
  }

  toJSON(): { readonly servers: Servers; readonly description: readonly string[] } {
    return { servers: this.servers, description: this.describe().split('\n') }
  }
}
