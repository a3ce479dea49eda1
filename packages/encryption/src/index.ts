export type { CanaryCache, Peer, PeerReport } from './canary.ts'
export type { Codec } from './content/codecs.ts'
export type { CompressionOptions } from './content/compression.ts'
export type { Padding } from './content/padding.ts'
export type { EncryptionCounters, EncryptionDescription, EncryptionLayer } from './encryption-layer.ts'
export { ENVELOPE_ALGORITHMS, type EnvelopeAlgorithm } from './envelope/algorithms.ts'
export {
  EnvelopeCipher,
  type BindExpiry,
  type EnvelopeCipherDescription,
  type EnvelopeCipherOptions,
} from './envelope/cipher.ts'
export { describeEnvelope, type EnvelopeDescription } from './envelope/describe-envelope.ts'
export type { EnvelopeEntry } from './envelope/entry.ts'
export { ENVELOPE_OVERHEAD_BYTES } from './envelope/layout.ts'
export { ENCRYPTION_FAILURE_CHANNEL, type EncryptionFailure, type FailureCount } from './failures.ts'
export type { KeyNameOptions } from './key-names.ts'
export type { KeyFileOptions } from './keyring/file-source.ts'
export { Keyring, type KeyDescription, type KeyringEvents } from './keyring/keyring.ts'
export { parseKeyset, type Keyset, type KeysetKey, type KeyStatus } from './keyring/keyset.ts'
export type { PassphraseOptions } from './keyring/passphrase.ts'
export type { KeyProvider, KeyProviderOptions } from './keyring/provider-source.ts'
export {
  distributeKey,
  generateKeyset,
  hasSealed,
  pinNameKey,
  promotableAt,
  promoteKey,
  retirableAt,
  retireKey,
  type RetirementOptions,
  type RotationOptions,
} from './keyring/rotation.ts'
export { encryption, ENCRYPTION_READY_CHANNEL } from './middleware.ts'
export type { EncryptionOptions, Migration } from './options.ts'
export { KeyvEncryptionAdapter, type KeyvEncryptionOptions } from './standalone/keyv-encryption-adapter.ts'
export {
  wrapBytes,
  type ByteCache,
  type SealedCache,
  type WrapBytesOptions,
} from './standalone/wrap-bytes.ts'
