import { describeInput, quoteName } from './quote-input.ts'

/**
 * Reads the options of a factory: a copy of their own enumerable properties, each read once, that inherits nothing. So
 * neither a polluted `Object.prototype` nor a later change can put a layer's protection off. Unknown names are refused: a
 * misspelt security option must not be ignored.
 *
 * @param example what to write, for those who pass no object
 * @throws TypeError
 */
export function readOwnOptions<T extends object>(
  owner: string,
  options: T,
  known: readonly string[],
  example?: string,
): T {
  const own = ownProperties(owner, options, example)
  for (const name of Object.keys(own)) {
    if (!known.includes(name)) {
      throw new TypeError(`${owner}: unknown option ${quoteName(name)}; it knows ${known.join(', ')}`)
    }
  }
  return own
}

/**
 * The same for options of which others know the names: a copy of the own enumerable properties that inherits nothing.
 *
 * @param example what to write, for those who pass no object
 * @throws TypeError for anything but an object
 */
export function ownProperties<T extends object>(owner: string, options: T, example?: string): T {
  const given: unknown = options
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const write = example === undefined ? '' : `: write ${example}`
    throw new TypeError(`${owner}: options must be an object, not ${describeInput(given)}${write}`)
  }
  return Object.assign(Object.create(null) as T, options)
}

/**
 * The options of a factory that takes `(servers, options)` as well as `({ servers, ...options })`: a copy of their own
 * properties, with `servers`.
 *
 * @throws TypeError when there are no servers, or the options are given twice
 */
export function withServers(owner: string, first: unknown, options: object | undefined): object {
  const isServers =
    typeof first === 'string' ||
    Array.isArray(first) ||
    (isObject(first) && (Object.hasOwn(first, 'host') || Object.hasOwn(first, 'path')))
  if (isServers) return { ...ownProperties(owner, options ?? {}), servers: first }
  if (!isObject(first) || !(Object.hasOwn(first, 'servers') || Object.hasOwn(first, 'client'))) {
    throw new TypeError(`${owner} needs servers: ${owner}('localhost:11211') or ${owner}({ servers, … })`)
  }
  if (options !== undefined) {
    throw new TypeError(
      `${owner} takes (servers, options) or one object with both, not two objects of options`,
    )
  }
  return ownProperties(owner, first)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
