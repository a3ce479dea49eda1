import { MemkeepError } from '@memkeep/core'
import { asBuffer, describeNoBytes } from '@memkeep/core/internal'
import type { Response, Serializer } from 'memjs'

/** Status of a key that is not there. */
const NOT_FOUND = 0x01
/** Status of what was not appended, there being nothing to append to. */
const NOT_STORED = 0x05
/** Bytes of a counter. */
const COUNT_BYTES = 8

/** What memjs documents as false, and takes for an error, not knowing the status that servers give. */
export function asMissing(response: Response): Response {
  return response.header.status === NOT_STORED ? notFound(response) : response
}

/** The answer for a key that is not there. */
export function notFound(response: Response): Response {
  return { ...response, header: { ...response.header, status: NOT_FOUND } }
}

/** An answer whose value shares no memory with those that came beside it. */
export function ownMemory(response: Response): Response {
  return { ...response, val: Buffer.from(response.val), extras: Buffer.from(response.extras) }
}

/**
 * The counter of an answer; undefined where there is none. Exact up to 2^53.
 *
 * @throws MemkeepError `ERR_MEMKEEP_PROTOCOL`
 */
export function countOf({ header, val }: Response): number | undefined {
  if (header.status !== 0) return undefined
  if (val.length !== COUNT_BYTES) {
    throw new MemkeepError(
      'ERR_MEMKEEP_PROTOCOL',
      'The server answered with a counter that is none: check that the address is a memcached server.',
    )
  }
  return Number(val.readBigUInt64BE())
}

/** Stands for a value that the serializer could not read. */
export class Unreadable {
  readonly error: Error

  constructor(error: unknown) {
    this.error = error instanceof Error ? error : new Error(String(error))
  }
}

/** memjs's own: values as they are. */
export const BYTES: Serializer<never, never> = {
  serialize: (_, value, extras) => ({ value, extras }),
  deserialize: (_, value, extras) => ({ value: value as never, extras }),
}

/** @throws TypeError for what memjs would cut to other bytes, or cannot send */
function readValue(value: unknown): string | Buffer {
  const bytes = typeof value === 'string' ? value : asBuffer(value)
  if (bytes !== undefined) return bytes
  throw new TypeError(`value must be a string, a Buffer or a Uint8Array, not ${describeNoBytes(value)}`)
}

/**
 * A serializer that gives {@link Unreadable} where the one given throws: memjs lets that end the process, and stored
 * bytes may be anyone's.
 */
export function guarded<TIn, TOut>(serializer: Serializer<TIn, TOut>): Serializer<TIn, TOut | Unreadable> {
  return {
    serialize(opcode, value, extras) {
      const made = serializer.serialize(opcode, value, extras)
      return { ...made, value: readValue(made.value) }
    },
    deserialize(opcode, value, extras) {
      try {
        return serializer.deserialize(opcode, value, extras)
      } catch (error) {
        return { value: new Unreadable(error), extras }
      }
    },
  }
}
