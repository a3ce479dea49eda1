import { inspect } from 'node:util'

const REDACTED = '[secret]'

/**
 * Holds a value that must never be printed: string conversion, JSON and `util.inspect` all give `[secret]`.
 * Only {@link Secret.reveal} gives it back, so every use is easy to find.
 */
export class Secret<T = string> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  /** The value itself. Keep it out of messages, logs and long-lived variables. */
  reveal(): T {
    return this.#value
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  static {
    Object.defineProperty(Secret.prototype, inspect.custom, { value: () => REDACTED })
  }
}
