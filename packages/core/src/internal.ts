/** What Memkeep's own packages share below their public faces. No promise is made to others. */
export {
  BINARY_HEADER_BYTES,
  binaryResponseLength,
  decodeBinaryResponse,
  encodeBinaryRequest,
  parseBinaryResponse,
  type BinaryRequest,
  type BinaryResponse,
} from './binary-frame.ts'
export { displayBytes, displayJson, displayLines, displayText } from './display-text.ts'
export { splitServers } from './endpoint.ts'
export { exchange, named, parseLine, type ExchangeOptions, type Parsed } from './exchange.ts'
export { checkHardening } from './check-hardening.ts'
export { refuseClientOnlyOptions, type ForeignClient } from './client-only-options.ts'
export { connectionLimit, isConnectionLimit } from './connection-limit.ts'
export { asBuffer, describeNoBytes, isOtherBytes } from './bytes.ts'
export { BoundedMap } from './bounded-map.ts'
export { endOfExptime, toExptime } from './exptime.ts'
export { readFileSource } from './file-source.ts'
export { FileWatch } from './file-watch.ts'
export { ownProperties, readOwnOptions, withServers } from './options.ts'
export { OpenChannels, type OpenChannel } from './open-channels.ts'
export { describeInput, fileErrorCause, quoteName, quotePath, quoteVariable } from './quote-input.ts'
export { readPrivateFile, type PrivateFileOptions } from './private-file.ts'
export { assertSize, readChecked, readRegularFile, type RegularFileOptions } from './regular-file.ts'
export { time, type Time } from './time.ts'
