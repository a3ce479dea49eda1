import {
  formatEndpoint,
  isLoopbackHost,
  MemkeepError,
  parseEndpoints,
  type Endpoint,
  type EndpointInput,
} from '@memkeep/core'
import { ownProperties } from '@memkeep/core/internal'
import { encryption, Keyring, type EncryptionLayer } from '@memkeep/encryption'
import { asciiAuth, sasl, type MechanismName, type PasswordAuthenticator } from '@memkeep/sasl'
import { tls, type TlsOptions, type TlsTransport } from '@memkeep/tls'
import {
  readHardeningOptions,
  pickClientSettings,
  type ClientSettings,
  type HardeningOptions,
  type KeysSource,
} from './options.ts'

/** The layers that options ask for. */
export interface Layers {
  readonly endpoints: readonly Endpoint[]
  readonly transport: TlsTransport | undefined
  readonly auth: PasswordAuthenticator | undefined
  readonly encryption: EncryptionLayer | undefined
  /** Settings of the client, those that were made. */
  readonly client: ClientSettings
  /** Ends what was made here: watches over files. */
  readonly close: () => void
}

/** Mechanisms that need a channel which nobody else can read. */
const SAY_THE_PASSWORD: ReadonlySet<MechanismName> = new Set(['PLAIN', 'CRAM-MD5'])

/**
 * Makes the layers. Nothing is left open when one cannot be made.
 *
 * @throws TypeError, RangeError, MemkeepError as {@link hardening}
 */
export function build(given: HardeningOptions): Layers {
  const options = readHardeningOptions(given)
  const named = parseEndpoints(options.servers)
  const withTls = options.tls !== undefined || named.some(({ secure }) => secure === true)
  if (withTls) refusePlain(options.servers)
  const endpoints = withTls ? named.map((endpoint) => ({ ...endpoint, secure: true })) : named
  const tlsOptions = options.tls === true ? NO_OPTIONS : (options.tls ?? NO_OPTIONS)
  const confidential = withTls && tlsOptions.dangerouslySkipVerification !== true

  const made: { close(): void }[] = []
  const keep = <T extends { close(): void }>(layer: T): T => {
    made.push(layer)
    return layer
  }
  const close = (): void => {
    for (const each of made) each.close()
  }
  try {
    const transport = withTls ? keep(tls(tlsOptions)) : undefined
    const auth =
      options.sasl !== undefined
        ? keep(sasl(options.sasl))
        : options.asciiAuth !== undefined
          ? keep(asciiAuth(options.asciiAuth))
          : undefined
    if (!confidential) refuseReadablePassword(endpoints, options)
    let layer: EncryptionLayer | undefined
    if (options.encryption !== undefined) {
      const { keyring, keys, ...rest } = options.encryption
      layer = encryption({ ...rest, keyring: keys === undefined ? keyring : keep(makeKeyring(keys)) })
    }
    return { endpoints, transport, auth, encryption: layer, client: pickClientSettings(options), close }
  } catch (error) {
    close()
    throw error
  }
}

const NO_OPTIONS = Object.create(null) as TlsOptions

function makeKeyring(keys: KeysSource): Keyring {
  if (typeof keys === 'string') {
    return keys.trimStart().startsWith('{') ? Keyring.fromKeyset(keys) : Keyring.fromText(keys)
  }
  const own = ownProperties('hardening: "keys"', keys)
  if ('env' in own) return Keyring.fromEnv(own.env)
  if ('file' in own) {
    const { file, ...options } = own
    return Keyring.fromFile(file, options)
  }
  return Keyring.fromKeyset(own)
}

/** One who writes `memcached://` beside "tls" or memcacheds:// may have meant either. */
function refusePlain(servers: EndpointInput): void {
  const plain = [servers]
    .flat()
    .some((server) => typeof server === 'string' && /\bmemcached:\/\//i.test(server))
  if (!plain) return
  throw new TypeError('hardening: TLS is on, and a server is written memcached://: write memcacheds://')
}

/**
 * The layers refuse so too, when they connect; here it is told at once, where no mechanism could do without. A server
 * on loopback or a Unix socket is reached without crossing a network.
 */
function refuseReadablePassword(endpoints: readonly Endpoint[], { sasl, asciiAuth }: HardeningOptions): void {
  const { allowInsecureAuth = false } = asciiAuth ?? sasl ?? { allowInsecureAuth: true }
  const says =
    asciiAuth !== undefined || sasl?.mechanisms?.every((name) => SAY_THE_PASSWORD.has(name)) === true
  if (allowInsecureAuth || !says) return
  const far = endpoints.find((endpoint) => !('path' in endpoint) && !isLoopbackHost(endpoint.host))
  if (far !== undefined) throw readablePassword(formatEndpoint(far))
}

/** The refusal to say a password where others could read it, for people who write URIs. */
export function readablePassword(server: string, cause?: unknown): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_AUTH_INSECURE_CHANNEL',
    `The password for ${server} would cross the network readable, so it is not sent: write memcacheds:// if the server speaks TLS (and "ca" for an authority of your own), reach it through a tunnel on 127.0.0.1, or have it offer SASL's SCRAM-SHA-256. Only in code: "allowInsecureAuth", where the network is yours alone.`,
    { cause },
  )
}
