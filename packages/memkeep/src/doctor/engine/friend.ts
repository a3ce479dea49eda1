import { openChannel, tcp, type Authenticator, type Endpoint, type Transport } from '@memkeep/core'
import type { Conversation } from '../check.ts'
import type { Bounds } from './bounds.ts'
import { StreamConversation } from './conversation.ts'

/** What a friend gets in with. */
export interface FriendOptions {
  readonly transport: Transport | undefined
  readonly auth: Authenticator | undefined
  /** What to speak where no authenticator says it, in the order to try. */
  readonly protocols: readonly ('text' | 'binary')[]
  /** Why it is not even tried; undefined when it is. */
  readonly hopeless?: string | undefined
}

/** Connects as the user's own services do. A server that refused once is not asked again. */
export class Friend {
  readonly #endpoint: Endpoint
  readonly #options: FriendOptions
  readonly #bounds: Bounds
  readonly #signal: AbortSignal
  readonly #open = new Set<Conversation>()
  #protocol: 'text' | 'binary'
  #refusal: string | undefined

  constructor(endpoint: Endpoint, options: FriendOptions, bounds: Bounds, signal: AbortSignal) {
    this.#endpoint = endpoint
    this.#options = options
    this.#bounds = bounds
    this.#signal = signal
    this.#protocol = options.auth?.protocol ?? options.protocols[0] ?? 'text'
    this.#refusal = options.hopeless
  }

  /** Whether anything was given to get in with. */
  get exists(): boolean {
    return this.#options.transport !== undefined || this.#options.auth !== undefined
  }

  get protocol(): 'text' | 'binary' {
    return this.#protocol
  }

  /** Why the server did not let the friend in; undefined while it does. */
  get refusal(): string | undefined {
    return this.#refusal
  }

  /** Never rejects. */
  async open(): Promise<Conversation | undefined> {
    if (!this.exists || this.#refusal !== undefined) return undefined
    const { auth, protocols } = this.#options
    let failure: unknown
    for (const protocol of auth === undefined ? protocols : [auth.protocol]) {
      try {
        const conversation = await this.#connect(protocol)
        this.#protocol = protocol
        return conversation
      } catch (error) {
        failure ??= error
      }
    }
    this.#refusal = failure instanceof Error ? failure.message : String(failure)
    return undefined
  }

  close(): void {
    for (const conversation of this.#open) conversation.close()
  }

  async #connect(protocol: 'text' | 'binary'): Promise<Conversation> {
    const { transport = tcp(), auth } = this.#options
    const ending = new AbortController()
    const timer = setTimeout(() => {
      ending.abort(new DOMException('The server took too long.', 'TimeoutError'))
    }, this.#bounds.connect)
    const onAbort = (): void => {
      ending.abort(this.#signal.reason)
    }
    this.#signal.addEventListener('abort', onAbort, { once: true })
    try {
      this.#signal.throwIfAborted()
      const { signal } = ending
      const channel = await openChannel(this.#endpoint, { transport, auth, protocol, signal })
      const conversation = new StreamConversation(channel, this.#bounds)
      this.#open.add(conversation)
      return conversation
    } finally {
      clearTimeout(timer)
      this.#signal.removeEventListener('abort', onAbort)
    }
  }
}
