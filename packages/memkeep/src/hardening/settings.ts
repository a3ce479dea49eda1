/** Which layer a setting is of. */
export type Layer = 'tls' | 'auth' | 'encryption'

/** How a setting is written in a URI and in the environment. */
interface SettingForm {
  readonly layer: Layer
  /** Whether it is a parameter of a URI. Secrets are none. */
  readonly inUri: boolean
  readonly variable: string
}

/** A setting of a URI and of the environment alike. */
function both(layer: Layer, variable: string): SettingForm {
  return { layer, inUri: true, variable }
}

/** A secret of its own: URIs end up in logs. */
function secret(layer: Layer, variable: string): SettingForm {
  return { layer, inUri: false, variable }
}

/**
 * Everything that can be set by text. What weakens a layer (`dangerouslySkipVerification`, `allowInsecureAuth`,
 * `migration`, files that others may read) is not here: that takes code, where a reviewer sees it.
 */
export const SETTINGS = {
  ca: both('tls', 'MEMKEEP_CA'),
  trustDefaultCa: both('tls', 'MEMKEEP_TRUST_DEFAULT_CA'),
  cert: both('tls', 'MEMKEEP_CERT'),
  key: both('tls', 'MEMKEEP_KEY'),
  pfx: both('tls', 'MEMKEEP_PFX'),
  passphrase: secret('tls', 'MEMKEEP_PASSPHRASE'),
  crl: both('tls', 'MEMKEEP_CRL'),
  servername: both('tls', 'MEMKEEP_SERVERNAME'),
  pins: both('tls', 'MEMKEEP_PINS'),
  minVersion: both('tls', 'MEMKEEP_MIN_VERSION'),
  auth: both('auth', 'MEMKEEP_AUTH'),
  username: secret('auth', 'MEMKEEP_USERNAME'),
  password: secret('auth', 'MEMKEEP_PASSWORD'),
  passwordFile: both('auth', 'MEMKEEP_PASSWORD_FILE'),
  mechanisms: both('auth', 'MEMKEEP_MECHANISMS'),
  minimumStrength: both('auth', 'MEMKEEP_MINIMUM_STRENGTH'),
  keysText: secret('encryption', 'MEMKEEP_KEYS'),
  keys: both('encryption', 'MEMKEEP_KEYS_FILE'),
  context: both('encryption', 'MEMKEEP_CONTEXT'),
  algorithm: both('encryption', 'MEMKEEP_ALGORITHM'),
  keyNames: both('encryption', 'MEMKEEP_KEY_NAMES'),
  compress: both('encryption', 'MEMKEEP_COMPRESS'),
  pad: both('encryption', 'MEMKEEP_PAD'),
  bindExpiry: both('encryption', 'MEMKEEP_BIND_EXPIRY'),
  rewrap: both('encryption', 'MEMKEEP_REWRAP'),
  onFailure: both('encryption', 'MEMKEEP_ON_FAILURE'),
} as const satisfies Readonly<Record<string, SettingForm>>

export type SettingName = keyof typeof SETTINGS

/** The names of all of them. */
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[]

/** Those that are parameters of a URI. */
export const URI_PARAMETERS: readonly SettingName[] = SETTING_NAMES.filter((name) => SETTINGS[name].inUri)

/** A setting as it was written, and where: `"ca" of the URI`, `MEMKEEP_CA`. */
export interface Setting {
  readonly value: string
  readonly from: string
}

/** What a URI or the environment says. */
export interface TextSettings {
  /** Addresses, or lists of them. */
  readonly servers: readonly string[]
  /** Whether `memcacheds://` is demanded; undefined where nothing is said. */
  readonly secure: boolean | undefined
  readonly settings: ReadonlyMap<SettingName, Setting>
}
