/** What a signal ends. */
export interface Abortable {
  /** Called once, when it is settled. */
  onSettled: (() => void) | undefined
  /** Ends it with that reason. */
  fail(error: unknown): void
}

/** A signal's requests, and how to stop listening to it. */
interface Watched {
  readonly requests: Set<Abortable>
  readonly stop: () => void
}

/** Ends requests when their signals abort, with one listener a signal, however many requests share it. */
export class AbortWatch {
  readonly #watched = new WeakMap<AbortSignal, Watched>()

  /** Fails the request with the signal's reason, now or when it aborts; lets go of it when it is settled. */
  watch(signal: AbortSignal, request: Abortable): void {
    if (signal.aborted) {
      request.fail(signal.reason)
      return
    }
    const watched = this.#watched.get(signal) ?? this.#listen(signal)
    watched.requests.add(request)
    request.onSettled = () => {
      watched.requests.delete(request)
      if (watched.requests.size > 0) return
      watched.stop()
      this.#watched.delete(signal)
    }
  }

  #listen(signal: AbortSignal): Watched {
    const requests = new Set<Abortable>()
    const onAbort = (): void => {
      for (const request of requests) request.fail(signal.reason)
    }
    signal.addEventListener('abort', onAbort)
    const stop = (): void => {
      signal.removeEventListener('abort', onAbort)
    }
    const watched = { requests, stop }
    this.#watched.set(signal, watched)
    return watched
  }
}

/** The one of all clients: several of them add one listener to a signal that they share. */
export const abortWatch: AbortWatch = new AbortWatch()
