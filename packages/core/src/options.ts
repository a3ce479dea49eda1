import { quoteName } from './quote-input.ts'

/**
 * Refuses options that a factory does not know, by name: a misspelt security option must not be a silent no.
 *
 * @throws TypeError
 */
export function assertOptions(owner: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${owner}: options must be an object`)
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`${owner}: unknown option ${quoteName(name)}; it knows ${known.join(', ')}`)
    }
  }
}
