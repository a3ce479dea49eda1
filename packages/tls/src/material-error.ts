import { MemkeepError, type MemkeepErrorCode } from '@memkeep/core'

/** The error of a certificate, key, authority or revocation list of ours that cannot be used. */
export function materialError(message: string, cause?: unknown): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_TLS_MATERIAL', message, cause === undefined ? undefined : { cause })
}

/** The same, with a code of its own. No cause: what OpenSSL says of keys stays out of logs. */
export function keyError(
  code: Extract<MemkeepErrorCode, `ERR_MEMKEEP_TLS_${'KEY' | 'PASSPHRASE' | 'CLIENT'}_${string}`>,
  message: string,
): MemkeepError {
  return new MemkeepError(code, message)
}
