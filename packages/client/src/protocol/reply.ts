import { MemkeepError } from '@memkeep/core'
import type { Command } from './command.ts'
import { OwnMemory } from './own-memory.ts'
import { isProxyFailure } from './proxy-failure.ts'

/** What a reply says, the same in every protocol. */
export type ReplyStatus =
  | 'value'
  | 'oversized'
  | 'done'
  | 'not-found'
  | 'not-stored'
  | 'exists'
  | 'stat'
  | 'end'
  | 'version'
  | 'too-large'
  | 'error'

/** One decoded reply. A reader fills the same one again and again: it holds during the call that hands it out. */
export class Reply {
  status: ReplyStatus = 'error'
  /** The token that the request carried; undefined where the protocol does not echo it. */
  opaque: number | undefined = undefined
  /** The key that the request named, as a view; undefined where the protocol does not echo it. */
  key: Buffer | undefined = undefined
  /** Client flags of a value. */
  flags = 0
  /** The CAS unique of a value, if it was asked for. */
  cas: bigint | undefined = undefined
  /** How many seconds an item has to live, Infinity for ever; undefined where it was not asked or cannot be told. */
  ttl: number | undefined = undefined
  /** With `error` what the server said, with `stat` name and value, with `version` the version. */
  message = ''
  /** Offset just behind the reply; with `oversized` that of the value. */
  end = 0
  /** With `oversized`: the length of the value, which is not read. */
  unreadBytes = 0
  /** A value of more bytes is `oversized`. */
  readonly maxValueBytes: number
  readonly #memory = new OwnMemory()
  #data: Buffer | undefined = undefined
  #valueStart = 0
  #valueEnd = 0

  constructor(maxValueBytes?: number) {
    this.maxValueBytes = maxValueBytes ?? Infinity
  }

  /** With `value`: a view into the received bytes. After `increment` and `decrement` the decimal digits. */
  get value(): Buffer | undefined {
    return this.#data?.subarray(this.#valueStart, this.#valueEnd)
  }

  /** The same value in memory of its own. */
  ownValue(): Buffer | undefined {
    return this.#data && this.#memory.copy(this.#data, this.#valueStart, this.#valueEnd)
  }

  /** Says that the value stands in `data` from `start` up to `end`. */
  setValue(data: Buffer, start: number, end: number): void {
    this.#data = data
    this.#valueStart = start
    this.#valueEnd = end
  }

  /** Says that nobody else has a view into those bytes, so that a value which is most of them need not be copied. */
  own(data: Buffer): void {
    this.#memory.own(data)
  }

  /** Lets go of the received bytes. */
  forget(): void {
    this.#data = undefined
    this.#memory.forget()
  }

  /** Makes it a reply of this status that says nothing more. */
  reset(status: ReplyStatus, end: number): void {
    this.status = status
    this.opaque = undefined
    this.key = undefined
    this.#data = undefined
    this.flags = 0
    this.cas = undefined
    this.ttl = undefined
    this.message = ''
    this.end = end
  }
}

/** Whether a reply can be one to that command; every command can be answered with an error. */
export function answers({ status }: Reply, { verb }: Command): boolean {
  if (status === 'error') return true
  switch (verb) {
    case 'get':
      return status === 'value' || status === 'not-found' || status === 'end' || status === 'oversized'
    case 'set':
      return status === 'done' || status === 'exists' || isRefusedStore(status)
    case 'add':
      return status === 'done' || status === 'exists' || status === 'not-stored' || status === 'too-large'
    case 'replace':
    case 'append':
    case 'prepend':
      return status === 'done' || isRefusedStore(status)
    case 'delete':
    case 'touch':
      return status === 'done' || status === 'not-found'
    case 'increment':
    case 'decrement':
      return status === 'value' || status === 'not-found'
    case 'flush':
      return status === 'done'
    case 'stats':
      return status === 'stat' || status === 'end'
    case 'version':
      return status === 'version'
  }
}

function isRefusedStore(status: ReplyStatus): boolean {
  return status === 'not-found' || status === 'not-stored' || status === 'too-large'
}

/** The largest value that a memcached can hold (`-I` takes 1 GiB at most), in bytes. */
export const MAX_VALUE_BYTES: number = 1024 ** 3

/** @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` for a length that no memcached has */
export function assertValueLength(bytes: number): void {
  if (!(bytes >= 0 && bytes <= MAX_VALUE_BYTES)) {
    throw desynchronised('announced a value of a length that memcached cannot hold')
  }
}

const MAX_FLAGS = 2 ** 32 - 1

/**
 * The client flags of a value.
 *
 * @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` for anything but 32 bits
 */
export function assertFlags(flags: number): number {
  if (!(flags >= 0 && flags <= MAX_FLAGS)) throw desynchronised('sent client flags that are not 32 bits')
  return flags
}

/** A reply that makes no sense: the connection can only be destroyed. */
export function desynchronised(what: string): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_PROTOCOL',
    `The server ${what}; the connection was closed. Check that nothing but memcached answers at this address.`,
  )
}

/** The error for a value that is over the limit. */
export function oversizedFault({ unreadBytes, maxValueBytes }: Reply): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_VALUE_TOO_LARGE',
    `The server has a value of ${String(unreadBytes)} bytes there, which was not read: the limit is ${String(maxValueBytes)} bytes ("maxValueBytes"). Raise it, or delete the key.`,
  )
}

/** Whether a server refused a command for lack of memory, as one with `-M` does when it is full. */
export function isOutOfMemory({ status, message }: Reply): boolean {
  return status === 'error' && /^(SERVER_ERROR )?out of memory/i.test(message)
}

/** Whether a server that speaks text does not know the command (`protocol.txt`, "Error strings"). */
export function isUnknownCommand({ status, message }: Reply): boolean {
  return status === 'error' && message === 'ERROR'
}

/** The error for a reply with status `error`. */
export function faultOf(reply: Reply): MemkeepError {
  if (reply.message === 'CLIENT_ERROR unauthenticated' || reply.message === AUTH_ERROR) {
    return new MemkeepError(
      'ERR_MEMKEEP_AUTH_REQUIRED',
      'The server demands authentication: hand in auth: sasl({ username, password }) or asciiAuth({ username, password }).',
    )
  }
  if (NOT_A_NUMBER.test(reply.message)) {
    return new MemkeepError(
      'ERR_MEMKEEP_NOT_A_NUMBER',
      'The value is not a decimal number of 64 bits, so it cannot be counted: store one with set(key, "0") first.',
    )
  }
  if (isOutOfMemory(reply)) {
    return new MemkeepError(
      'ERR_MEMKEEP_OUT_OF_MEMORY',
      'The server has no memory for the command: raise its -m, start it without -M, or store less.',
    )
  }
  const said = JSON.stringify(reply.message.slice(0, 100))
  if (isProxyFailure(reply.message)) {
    return new MemkeepError(
      'ERR_MEMKEEP_BACKEND_UNREACHABLE',
      `The proxy did not reach the memcached behind it (${said}); the command may or may not have been carried out. Check that server, and the network between the two.`,
    )
  }
  return new MemkeepError('ERR_MEMKEEP_SERVER_ERROR', `The server refused the command: ${said}.`)
}

/** The message of a binary reply that refuses an unauthenticated command. */
export const AUTH_ERROR = 'authentication error'

/** What memcached says in text and binary when a value cannot be counted. */
const NOT_A_NUMBER = /non-numeric/i
