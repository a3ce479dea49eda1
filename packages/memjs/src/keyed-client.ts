import memjs from 'memjs'
import { checkExpires } from './expires.ts'
import { OPCODES } from './frame.ts'

/** Methods about one key. */
const KEYED = [
  ...(['get', 'set', 'add', 'replace', 'delete', 'append', 'prepend'] as const),
  ...(['increment', 'decrement', 'touch'] as const),
] as const
/**
 * What memjs is given for a key. It puts a key into a request before anyone can look at it, which fails for what is
 * no text, and for a long text that is hashed afterwards.
 */
const STAND_IN = Buffer.from('k')

/** What a method was called for. */
interface Asked {
  readonly key: string
  /** What memjs's request really is; it sends prepend as append. */
  readonly opcode: number | undefined
  /** Why nothing is sent; undefined where something is. */
  readonly refusal: Error | undefined
}

type AnyForm = (this: KeyedClient<never, never>, ...given: unknown[]) => unknown

/** memjs's client, which asks about the key of {@link KeyedClient.asked} and none other. */
export class KeyedClient<TIn, TOut> extends memjs.Client<TIn, TOut> {
  #asked: Asked | undefined

  /** Every method about one key comes through here. */
  static callFor(client: KeyedClient<never, never>, asked: Asked, call: () => unknown): unknown {
    // a serializer may use the client that it serializes for
    const before = client.#asked
    client.#asked = asked
    try {
      return call()
    } finally {
      client.#asked = before
    }
  }

  /** What the request that memjs makes at the moment is about. */
  protected get asked(): Asked {
    if (this.#asked === undefined) throw new TypeError('HardenedMemjsClient: use its methods, not perform()')
    return this.#asked
  }
}

const originals = memjs.Client.prototype as unknown as Record<(typeof KEYED)[number], AnyForm>

for (const name of KEYED) {
  const original = originals[name]
  const opcode = name === 'prepend' ? OPCODES.prepend : undefined
  const method: AnyForm = function (key, ...given) {
    // memjs's own promises come back here
    if (key === STAND_IN) return original.call(this, STAND_IN, ...given)
    const { taken, refusal } = checkExpires(name, given)
    return KeyedClient.callFor(this, { key: key as string, opcode, refusal }, () =>
      original.call(this, STAND_IN, ...taken),
    )
  }
  Object.defineProperty(KeyedClient.prototype, name, { value: method, writable: true, configurable: true })
}
