export { isPasswordSafe, type AuthContext, type Authenticator } from './authenticator.ts'
export {
  DEFAULT_PORT,
  formatEndpoint,
  isLoopbackHost,
  parseEndpoint,
  parseEndpoints,
  type Endpoint,
  type EndpointInput,
  type TcpEndpoint,
  type UnixEndpoint,
} from './endpoint.ts'
export { MEMKEEP_ERROR_CODES, MemkeepError, type MemkeepErrorCode } from './errors.ts'
export type { FileSource } from './file-source.ts'
export { assertKey, MAX_KEY_BYTES } from './key.ts'
export {
  composeMiddleware,
  type DecodedEntry,
  type Entry,
  type Middleware,
  type OnStale,
  type OpenedRecord,
  type Pipeline,
  type RestrictedOperation,
  type StoredRecord,
} from './middleware.ts'
export { openChannel, type OpenChannelOptions } from './open-channel.ts'
export { Secret } from './secret.ts'
export { tcp, type TcpOptions } from './tcp.ts'
export { MAX_CHUNK_BYTES, type Channel, type ConnectOptions, type Transport } from './transport.ts'
