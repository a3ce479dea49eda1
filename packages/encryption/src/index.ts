export { EnvelopeCipher, type EnvelopeCipherOptions } from './envelope/cipher.ts'
export { ENVELOPE_OVERHEAD_BYTES } from './envelope/layout.ts'
export { Keyring, type KeyDescription } from './keyring/keyring.ts'
export {
  encryption,
  ENCRYPTION_FAILURE_CHANNEL,
  type EncryptionFailure,
  type EncryptionMiddleware,
  type EncryptionOptions,
} from './middleware.ts'
