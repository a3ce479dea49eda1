import { MemkeepError, type Secret } from '@memkeep/core'

/** A user's name and password; the password never prints. */
export interface Credentials {
  readonly username: string
  readonly password: Secret
}

/**
 * Refuses what no mechanism can carry.
 *
 * @param owner whose option it is, for messages
 * @throws MemkeepError `ERR_MEMKEEP_INVALID_CREDENTIALS`
 */
export function checkText(owner: string, what: 'username' | 'password', text: string): void {
  if (text === '') throw invalid(owner, `the ${what} is empty: is a variable or a file unset?`)
  if (text.includes('\0')) throw invalid(owner, `the ${what} has a NUL, which no mechanism can carry`)
  if (!text.isWellFormed()) throw invalid(owner, `the ${what} is not well-formed Unicode`)
}

/** A refusal of credentials that names what is wrong, never what they are. */
export function invalid(owner: string, what: string): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_INVALID_CREDENTIALS', `${owner}: ${what}.`)
}

/** Credentials that cannot be had now. */
export function unavailable(owner: string, what: string, cause?: unknown): MemkeepError {
  return new MemkeepError('ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE', `${owner}: ${what}.`, { cause })
}
