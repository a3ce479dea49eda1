/** Which layer a setting is of; `client` for those of the client itself. */
export type Layer = 'tls' | 'auth' | 'encryption' | 'client'

/**
 * Everything that can be set by text, with its variable. What weakens a layer (`dangerouslySkipVerification`, `allowInsecureAuth`,
 * `migration`, files that others may read) is not here: that takes code, where a reviewer sees it.
 */
export const SETTINGS = {
  ca: { layer: 'tls', variable: 'MEMKEEP_CA' },
  trustDefaultCa: { layer: 'tls', variable: 'MEMKEEP_TRUST_DEFAULT_CA' },
  cert: { layer: 'tls', variable: 'MEMKEEP_CERT' },
  key: { layer: 'tls', variable: 'MEMKEEP_KEY' },
  pfx: { layer: 'tls', variable: 'MEMKEEP_PFX' },
  passphrase: { layer: 'tls', variable: 'MEMKEEP_PASSPHRASE' },
  crl: { layer: 'tls', variable: 'MEMKEEP_CRL' },
  servername: { layer: 'tls', variable: 'MEMKEEP_SERVERNAME' },
  pins: { layer: 'tls', variable: 'MEMKEEP_PINS' },
  minVersion: { layer: 'tls', variable: 'MEMKEEP_MIN_VERSION' },
  auth: { layer: 'auth', variable: 'MEMKEEP_AUTH' },
  username: { layer: 'auth', variable: 'MEMKEEP_USERNAME' },
  password: { layer: 'auth', variable: 'MEMKEEP_PASSWORD' },
  passwordFile: { layer: 'auth', variable: 'MEMKEEP_PASSWORD_FILE' },
  mechanisms: { layer: 'auth', variable: 'MEMKEEP_MECHANISMS' },
  minimumStrength: { layer: 'auth', variable: 'MEMKEEP_MINIMUM_STRENGTH' },
  keysText: { layer: 'encryption', variable: 'MEMKEEP_KEYS' },
  keys: { layer: 'encryption', variable: 'MEMKEEP_KEYS_FILE' },
  context: { layer: 'encryption', variable: 'MEMKEEP_CONTEXT' },
  algorithm: { layer: 'encryption', variable: 'MEMKEEP_ALGORITHM' },
  keyNames: { layer: 'encryption', variable: 'MEMKEEP_KEY_NAMES' },
  compress: { layer: 'encryption', variable: 'MEMKEEP_COMPRESS' },
  pad: { layer: 'encryption', variable: 'MEMKEEP_PAD' },
  bindExpiry: { layer: 'encryption', variable: 'MEMKEEP_BIND_EXPIRY' },
  rewrap: { layer: 'encryption', variable: 'MEMKEEP_REWRAP' },
  onFailure: { layer: 'encryption', variable: 'MEMKEEP_ON_FAILURE' },
  protocol: { layer: 'client', variable: 'MEMKEEP_PROTOCOL' },
  distribution: { layer: 'client', variable: 'MEMKEEP_DISTRIBUTION' },
  onServerDown: { layer: 'client', variable: 'MEMKEEP_ON_SERVER_DOWN' },
  discovery: { layer: 'client', variable: 'MEMKEEP_DISCOVERY' },
  idleTimeout: { layer: 'client', variable: 'MEMKEEP_IDLE_TIMEOUT' },
} as const

export type SettingName = keyof typeof SETTINGS

/** The names of all of them. */
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[]

/** Secrets, and the user name, which are no parameters: URIs end up in logs. */
const NO_PARAMETERS: readonly SettingName[] = ['passphrase', 'username', 'password', 'keysText']

/** The names that are parameters of a URI. */
export const URI_PARAMETERS: readonly SettingName[] = SETTING_NAMES.filter(
  (name) => !NO_PARAMETERS.includes(name),
)

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
