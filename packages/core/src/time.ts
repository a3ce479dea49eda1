/**
 * Node's clock and timers as they were when this module was loaded: fake timers that a test runner installs later must
 * not stop a connection or a timeout. `Date` is not among them, so that what expires can be tested.
 */
export interface Time {
  /** Milliseconds of a clock that is never set back. */
  now: () => number
  setTimeout: typeof globalThis.setTimeout
  clearTimeout: typeof globalThis.clearTimeout
  setInterval: typeof globalThis.setInterval
  clearInterval: typeof globalThis.clearInterval
  setImmediate: typeof globalThis.setImmediate
}

const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate } = globalThis

/** The one that everything uses. A test that plays with time itself may replace its functions. */
export const time: Time = {
  now: performance.now.bind(performance),
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  setImmediate,
}
