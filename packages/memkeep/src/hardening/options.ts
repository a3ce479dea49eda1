import type { MemcachedClientOptions } from '@memkeep/client'
import type { EndpointInput } from '@memkeep/core'
import { ownProperties, readOwnOptions } from '@memkeep/core/internal'
import type { EncryptionOptions, KeyFileOptions, Keyring, Keyset } from '@memkeep/encryption'
import type { AuthOptions, SaslOptions } from '@memkeep/sasl'
import type { TlsOptions } from '@memkeep/tls'

/**
 * Keys, or where they are: text as `memkeep-key-v1:…`, a keyset as an object or JSON, a variable of the environment,
 * or a file that is watched for changes.
 */
export type KeysSource = string | Keyset | { readonly env: string } | KeysFile

/** A file of keys. */
export interface KeysFile extends KeyFileOptions {
  readonly file: string
}

/** Options of `encryption()`, with a keyring of yours, or with keys that one is made of and closed with. */
export type HardeningEncryption = Omit<EncryptionOptions, 'keyring'> &
  (
    | { readonly keyring: Keyring; readonly keys?: undefined }
    | { readonly keys: KeysSource; readonly keyring?: undefined }
  )

/** The options of the client that text can set too. Adapters over another client do not take them. */
export type ClientSettings = Pick<MemcachedClientOptions, (typeof CLIENT_SETTINGS)[number]>

const CLIENT_SETTINGS = ['protocol', 'distribution', 'onServerDown', 'discovery', 'idleTimeout'] as const

/** Those of the client's settings that are set. */
export function pickClientSettings(source: ClientSettings): ClientSettings {
  return Object.fromEntries(
    CLIENT_SETTINGS.flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]]])),
  )
}

/** Options of {@link hardening}: the servers, and the options of every layer that is wanted. */
export interface HardeningOptions extends ClientSettings {
  /** Where memcached listens. `memcacheds://` puts TLS on. */
  readonly servers: EndpointInput
  /** Options of `tls()`; `true` for TLS as it is without any. */
  readonly tls?: true | TlsOptions
  /** Options of `sasl()`, for servers started with `-S`. */
  readonly sasl?: SaslOptions
  /** Options of `asciiAuth()`, for servers started with `-Y`. */
  readonly asciiAuth?: AuthOptions
  /** Options of `encryption()`. */
  readonly encryption?: HardeningEncryption
}

/**
 * Reads the options, and those of the layers: copies of what is their own.
 *
 * @throws TypeError for unknown or contradictory options
 */
export function readHardeningOptions(given: HardeningOptions): HardeningOptions {
  const known = ['servers', 'tls', 'sasl', 'asciiAuth', 'encryption', ...CLIENT_SETTINGS]
  const options = readOwnOptions('hardening', given, known)
  const layers = options as unknown as Record<string, unknown>
  if (layers['servers'] === undefined) {
    throw new TypeError('hardening: "servers" is missing: write where memcached listens, as cache1:11211')
  }
  for (const name of ['tls', 'sasl', 'asciiAuth', 'encryption']) {
    const value = layers[name]
    if (value === undefined || (name === 'tls' && value === true)) continue
    if (isRecord(value)) {
      layers[name] = ownProperties(`hardening: "${name}"`, value)
      continue
    }
    const choices = name === 'tls' ? 'true or an object of options' : 'an object of options'
    throw new TypeError(`hardening: "${name}" must be ${choices}; leave it out to do without it`)
  }
  if (options.sasl !== undefined && options.asciiAuth !== undefined) {
    throw new TypeError(
      'hardening: a server asks for "sasl" (-S) or "asciiAuth" (-Y), never for both: leave one of them out',
    )
  }
  const { keyring, keys } = (options.encryption ?? {}) as {
    readonly keyring?: unknown
    readonly keys?: unknown
  }
  if (options.encryption !== undefined && (keyring === undefined) === (keys === undefined)) {
    throw new TypeError('hardening: "encryption" needs a "keyring", or "keys" to make one of, and not both')
  }
  return options
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
