import process from 'node:process'
import { readEnvironment, type Environment } from './environment.ts'
import { HardeningLayers, type AnyHardening, type Hardening } from './hardened.ts'
import type { HardeningOptions } from './options.ts'
import { readSettings } from './read-settings.ts'
import { readUri } from './uri.ts'

/** Variables to read instead of those of the process. */
export interface EnvironmentSource {
  readonly env: Environment
}

/** What a hardening is made from: a URI, variables, or options. */
export type HardeningSource = string | EnvironmentSource | HardeningOptions

/**
 * The layers that harden memcached, for any adapter: `servers`, and `transport`, `auth` and `middleware` where they
 * are on. What is given is all that counts: a URI or options are not completed from the environment, which is read
 * when nothing is given.
 *
 * Files of certificates, passwords and keys are watched until `close()`, without keeping the process alive.
 *
 * @example
 * const layers = hardening('memcacheds://user:password@cache1,cache2?ca=/etc/ssl/ca.pem&keys=/run/secrets/keys')
 * const store = new KeyvMemcached(layers)
 * console.log(layers.describe())
 *
 * @param source a URI; options; `{ env }`; or nothing for the environment of the process
 * @throws TypeError, RangeError for a parameter, variable or option that is unknown, repeated, contradicts another or
 * does not hold
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT`; `ERR_MEMKEEP_AUTH_INSECURE_CHANNEL` for a password that would
 * cross the network readable; those of `tls`, `sasl`, `asciiAuth`, `encryption` and `Keyring`. No message holds a
 * secret.
 */
export function hardening(source?: string | EnvironmentSource): AnyHardening
export function hardening<const Options extends HardeningOptions>(options: Options): Hardening<Options>
export function hardening(source: HardeningSource): AnyHardening
export function hardening(source: HardeningSource = { env: process.env }): AnyHardening {
  return new HardeningLayers(readSource(source))
}

function readSource(source: HardeningSource): HardeningOptions {
  if (typeof source === 'string') return readSettings(readUri(source))
  const given: unknown = source
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError('hardening: hand in a URI, options, or nothing for the environment')
  }
  if (!Object.hasOwn(source, 'env')) return source as HardeningOptions
  if (Object.keys(source).length > 1) {
    throw new TypeError('hardening: "env" stands alone: what it says and other options are not mixed')
  }
  return readSettings(readEnvironment((source as EnvironmentSource).env))
}
