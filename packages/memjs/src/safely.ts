/** A callback that throws is told to the process, and keeps nobody else from his answer. */
export function safely<T>(callback: (told: T) => void): (told: T) => void {
  const safe = (told: T): void => {
    try {
      callback(told)
    } catch (error) {
      process.nextTick(rethrow, error)
    }
  }
  // what memjs marks as answered several times stays so
  return Object.assign(safe, callback)
}

function rethrow(error: unknown): never {
  throw error
}
