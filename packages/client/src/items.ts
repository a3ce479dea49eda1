import { assertKey, MemkeepError, type OnStale, type Pipeline, type RestrictedOperation } from '@memkeep/core'
import type { Asker } from './asker.ts'
import {
  readUint32,
  readValue,
  type CallOptions,
  type CountOptions,
  type StoreOptions,
  type TouchOptions,
} from './call-options.ts'
import { count as countItem, type Counting } from './count.ts'
import { toExpiresAt, toExptime } from './expiry.ts'
import { deleteAfterOutOfMemory, deleteTooLarge } from './not-stored.ts'
import type { ClientSettings } from './options.ts'
import type { Command, StoreCommand } from './protocol/command.ts'
import { isOutOfMemory, isUnknownCommand, type Reply } from './protocol/reply.ts'
import { CALLS, readCallOptions } from './read-call-options.ts'
import { refuseFault, takeDone, type CasResult } from './results.ts'

/** What the methods of a client share: from keys and values as callers write them to commands, and back from replies. */
export class Items {
  readonly #asker: Asker
  readonly #pipeline: Pipeline
  readonly #settings: ClientSettings
  readonly #onStale: OnStale

  /** @param onStale called with the keys of values that should be encrypted again under the newest key */
  constructor(asker: Asker, pipeline: Pipeline, settings: ClientSettings, onStale: OnStale) {
    this.#asker = asker
    this.#pipeline = pipeline
    this.#settings = settings
    this.#onStale = onStale
  }

  /** A key with the namespace. */
  name(key: string): string {
    const { prefix } = this.#settings
    if (prefix === '') return key
    // an invalid key must not become a valid one by its namespace
    assertKey(key)
    return prefix + key
  }

  /** A key as it goes over the wire. */
  wireKey(key: string): string {
    return this.#pipeline.wireKey(this.name(key))
  }

  /** When an item ends, as memcached takes it. */
  exptime(options: TouchOptions | undefined): number {
    return toExptime(options ?? NO_OPTIONS, this.#settings.ttl)
  }

  #expiresAt(options: TouchOptions | undefined): number | undefined {
    return toExpiresAt(options ?? NO_OPTIONS, this.#settings.ttl)
  }

  /** Reads a value, and gives it a new expiry where there is one. */
  read(
    operation: 'get' | 'getAndTouch',
    key: string,
    exptime: number | undefined,
    options: CallOptions | undefined,
  ): Promise<Buffer | undefined> {
    const name = this.name(key)
    const wireKey = this.#pipeline.wireKey(name)
    const asked = this.#asker.ask(wireKey, {
      operation,
      commands: { verb: 'get', key: wireKey, withCas: false, exptime },
      take: (reply, _index, deadline) => {
        if (exptime === undefined || !isUnknownCommand(reply)) return this.value(name, reply)
        // the caller's promise becomes that one
        const inTwo = this.#asker.chain(this.#touchAndGet(name, exptime, options, deadline))
        return inTwo as unknown as Buffer | undefined
      },
      options,
    })
    return this.#asker.orMiss(asked, undefined)
  }

  /** Reads a value and gives it a new expiry by two commands: memcached before 1.5.3 and proxies lack `gat`. */
  async #touchAndGet(
    name: string,
    exptime: number,
    options: CallOptions | undefined,
    deadline: number,
  ): Promise<Buffer | undefined> {
    const key = this.#pipeline.wireKey(name)
    const ask = <T>(commands: Command, take: (reply: Reply) => T): Promise<T> =>
      this.#asker.ask(key, {
        operation: 'getAndTouch',
        commands,
        take,
        options: this.#asker.untilDeadline(options, deadline),
        continues: true,
      })
    if (!(await ask({ verb: 'touch', key, exptime }, takeDone))) return undefined
    return ask({ verb: 'get', key, withCas: false, exptime: undefined }, (reply) => this.value(name, reply))
  }

  /** The value in a reply; undefined for a miss. */
  value(name: string, reply: Reply): Buffer | undefined {
    refuseFault(reply)
    if (reply.status !== 'value') return undefined
    if (!this.#pipeline.transforms) return reply.ownValue()
    const { value, flags } = reply
    return value && this.#pipeline.decode({ key: name, value, flags }, this.#onStale)
  }

  /**
   * Stores a value.
   *
   * @param continues whether it is a further step of a call
   */
  store<T>(
    verb: StoreCommand['verb'],
    key: string,
    value: Uint8Array | string,
    options: StoreOptions | undefined,
    cas: bigint | undefined,
    take: (reply: Reply) => T,
    continues = false,
  ): Promise<T> {
    const name = this.name(key)
    const wireKey = this.#pipeline.wireKey(name)
    const flags = options?.flags === undefined ? 0 : readUint32('flags', options.flags)
    const bytes = readValue(value)
    const exptime = this.exptime(options)
    const entry = this.#pipeline.transforms
      ? this.#pipeline.encode({ key: name, value: bytes, flags, expiresAt: this.#expiresAt(options) })
      : { value: bytes, flags }
    const command: StoreCommand = {
      verb,
      key: wireKey,
      value: entry.value,
      flags: entry.flags,
      exptime,
      cas,
    }
    if (entry.value.length > this.#settings.maxValueBytes) return this.#tooLarge(command, options)
    return this.#asker.ask<T>(wireKey, {
      operation: cas === undefined ? verb : 'cas',
      commands: command,
      take: (reply, _index, deadline) => {
        const isTooLarge = reply.status === 'too-large'
        if (!isTooLarge && !isOutOfMemory(reply)) return take(reply)
        const left = this.#asker.untilDeadline(options, deadline)
        // a promise that rejects, which the caller's then does too
        if (isTooLarge) return this.#tooLarge(command, left) as T
        return this.#asker.chain(deleteAfterOutOfMemory(this.#asker, command, left)) as T
      },
      options,
      continues,
    })
  }

  /**
   * The result of a `cas` whose unique is 0, which no item has but those of servers without CAS (`-C`): it is never
   * stored. It is not sent, since binary takes it for a store in any case.
   */
  compareWithNone(
    key: string,
    value: Uint8Array | string,
    options: StoreOptions | undefined,
  ): Promise<CasResult> {
    readValue(value)
    this.exptime(options)
    const wireKey = this.wireKey(key)
    return this.#asker.ask<CasResult>(wireKey, {
      operation: 'cas',
      commands: { verb: 'get', key: wireKey, withCas: false, exptime: undefined },
      take: (reply) => {
        if (reply.status === 'oversized') return 'exists'
        refuseFault(reply)
        return reply.status === 'value' ? 'exists' : 'not-found'
      },
      options,
    })
  }

  #tooLarge(command: StoreCommand, options: CallOptions | undefined): Promise<never> {
    const limit = this.#settings.maxValueBytes
    return this.#asker.chain(deleteTooLarge(this.#asker, command, { limit, options }))
  }

  /** Counts up or down. */
  async count(
    operation: 'increment' | 'decrement',
    key: string,
    given: CountOptions | undefined,
  ): Promise<bigint | undefined> {
    const options = readCallOptions(operation, given, CALLS.count) ?? NO_OPTIONS
    this.refuse(operation, key)
    const add: Counting['add'] = (value, left) =>
      this.#asker.orMiss(this.store('add', key, value, left, undefined, takeDone, true), false)
    return countItem(this.#asker, { operation, wireKey: this.wireKey(key), options, add })
  }

  /** @throws MemkeepError `ERR_MEMKEEP_UNSUPPORTED_OPERATION` where a middleware does not allow it */
  refuse(operation: RestrictedOperation, key: string): void {
    const reason = this.#pipeline.refusal(operation, this.name(key))
    if (reason === undefined) return
    throw new MemkeepError('ERR_MEMKEEP_UNSUPPORTED_OPERATION', `${operation} was not sent: ${reason}.`)
  }
}

const NO_OPTIONS = Object.freeze(Object.create(null) as TouchOptions)
