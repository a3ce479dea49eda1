import { formatEndpoint, type Endpoint } from '@memkeep/core'
import { time } from '@memkeep/core/internal'
import type { Alarm } from '../clock/alarm.ts'
import { within } from '../clock/within.ts'
import { Connection, type Leftovers } from '../connection/connection.ts'
import type { Request } from '../connection/request.ts'
import { isRead } from '../protocol/command.ts'
import { channels } from '../telemetry/channels.ts'
import { ConnectionSet } from './connection-set.ts'
import { clientClosed, connectionLost, overloaded, serverDown, silent } from './faults.ts'
import { Health, type HealthOptions } from './health.ts'
import { IdleWatch } from './idle-watch.ts'
import { openConnection, type OpenedConnection, type OpenOptions } from './open-connection.ts'
import { WaitingRoom, type WaitingLimits } from './waiting-room.ts'

/** How much a server is asked at once, and what happens beyond. */
export interface LimitOptions extends WaitingLimits {
  /** Connections to one server at most. */
  readonly connections: number
  /** Commands in flight on one connection from which on further ones wait. */
  readonly maxInFlight: number
  /** Bytes of commands in flight on one connection from which on further ones wait. */
  readonly maxInFlightBytes: number
  /** What happens to a request that finds every connection full. */
  readonly overload: 'wait' | 'reject'
}

/** How a {@link Server} is reached and used. */
export interface ServerOptions extends OpenOptions, LimitOptions, HealthOptions {
  readonly endpoint: Endpoint
  /** Milliseconds without a complete reply, while replies are due, after which a connection counts as dead. */
  readonly timeout: number
  /** Milliseconds without a request after which a connection is closed; 0 for never. */
  readonly idleTimeout: number
}

/**
 * One memcached server: opens its connections when they are needed, and again after a loss, shares the requests out
 * among them, and settles every request at its deadline at the latest.
 */
export class Server {
  readonly name: string
  readonly endpoint: Endpoint
  readonly #options: ServerOptions
  readonly #health: Health
  readonly #closing = new AbortController()
  readonly #waiting: WaitingRoom
  readonly #alarm: Alarm
  readonly #connections = new ConnectionSet()
  readonly #idle: IdleWatch
  #opening = 0
  /** Runs while a connection that is to be replaced waits for the next attempt. */
  #replacing: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: ServerOptions) {
    this.#options = options
    this.endpoint = options.endpoint
    this.name = formatEndpoint(options.endpoint)
    this.#health = new Health(options)
    this.#idle = new IdleWatch(options.idleTimeout, this.#connections)
    this.#waiting = new WaitingRoom(options)
    this.#alarm = options.clock.alarm((now) => {
      this.#expire(now)
    })
  }

  /** Whether it is in use: an ejected server is not, until a connection can be opened again. */
  get up(): boolean {
    if (!this.#health.ejected || this.#connections.size > 0) return true
    this.#probe()
    return false
  }

  /** Takes a request, which is settled by its deadline, whatever happens. */
  dispatch(request: Request): void {
    if (request.settled) return
    if (this.#closed) {
      request.fail(clientClosed())
      return
    }
    const connection = this.#freest()
    if (connection !== undefined && this.#waiting.length === 0 && this.#hasRoom(connection)) {
      connection.send(request)
      this.#alarm.add(request.deadline)
    } else {
      this.#wait(request, connection)
    }
  }

  /**
   * Takes no more requests, waits for those that it has, then closes every connection.
   *
   * @param timeout milliseconds after which it closes though some are not answered; those fail
   */
  async close(timeout: number): Promise<void> {
    this.#closed = true
    const { pending } = this
    if (pending.length > 0) await within(timeout, Promise.allSettled(pending))
    this.#closing.abort(clientClosed())
    time.clearTimeout(this.#replacing)
    for (const connection of [...this.#connections]) connection.destroy(clientClosed())
    this.#failWaiting(clientClosed())
    this.#alarm.stop()
    this.#idle.stop()
  }

  /** The results that callers wait for. */
  get pending(): readonly Promise<unknown>[] {
    return [...this.#requests()].filter(({ settled }) => !settled).map(({ result }) => result)
  }

  *#requests(): Iterable<Request> {
    yield* this.#waiting.requests()
    for (const connection of this.#connections) yield* connection.requests()
  }

  /** The open connection with the fewest commands in flight; opens one more while all are busy. */
  #freest(): Connection | undefined {
    if (this.#isHandingOver) return undefined
    const freest = this.#connections.freest()
    const { connections } = this.#options
    if (freest === undefined || connections === 1) return freest
    if (freest.commands > 0 && this.#connections.size + this.#opening < connections) this.#open()
    return freest
  }

  /** Whether the only connection was replaced and its last replies are due: what is written elsewhere could overtake. */
  get #isHandingOver(): boolean {
    return this.#options.connections === 1 && this.#connections.draining > 0
  }

  #hasRoom(connection: Connection): boolean {
    return (
      connection.commands < this.#options.maxInFlight && connection.bytes < this.#options.maxInFlightBytes
    )
  }

  #wait(request: Request, connection: Connection | undefined): void {
    if (connection === undefined && !this.#mayWait()) {
      request.fail(this.#down())
      return
    }
    if ((connection !== undefined && this.#options.overload === 'reject') || this.#waiting.full) {
      request.fail(overloaded(this.name))
      return
    }
    this.#waiting.push(request)
    this.#alarm.add(request.deadline)
    if (connection === undefined && this.#opening === 0 && !this.#isHandingOver) this.#open()
  }

  /** Whether a request may wait for a connection to be opened. */
  #mayWait(): boolean {
    if (this.#isHandingOver) return true
    if (this.#health.ejected) {
      this.#probe()
      return false
    }
    return this.#opening > 0 || this.#health.pause(time.now()) === 0
  }

  /** Tries an ejected server again, when its pause is over; no request is risked to find out. */
  #probe(): void {
    if (!this.#closed && this.#opening === 0 && this.#health.pause(time.now()) === 0) this.#open()
  }

  /** Sends what waits, as far as there is room. */
  #pump(): void {
    while (this.#waiting.length > 0) {
      const connection = this.#freest()
      if (connection === undefined || !this.#hasRoom(connection)) return
      const request = this.#waiting.shift()
      if (request?.settled === false) connection.send(request)
    }
  }

  #failWaiting(error: Error): void {
    for (const request of this.#waiting.drain()) request.fail(error)
  }

  #open(): void {
    this.#opening++
    let connection: Connection | undefined
    let retired = false
    const retire = (): void => {
      retired = true
      if (connection !== undefined && this.#connections.retire(connection)) this.#replace()
    }
    openConnection(this.endpoint, this.#options, { signal: this.#closing.signal, onRetire: retire }).then(
      (opened) => {
        this.#opening--
        connection = this.#onOpened(opened)
        if (retired) retire()
      },
      (error: unknown) => {
        this.#opening--
        this.#onConnectFailed(error instanceof Error ? error : new Error(String(error)))
      },
    )
  }

  /** Opens a connection in the place of one that is to be replaced, which is in use until then. */
  #replace(): void {
    time.clearTimeout(this.#replacing)
    if (this.#connections.retiring === 0 || this.#opening > 0 || this.#closed) return
    const pause = this.#health.pause(time.now())
    if (pause === 0) this.#open()
    else {
      this.#replacing = time
        .setTimeout(() => {
          this.#replace()
        }, pause)
        .unref()
    }
  }

  #onOpened({ channel, protocol }: OpenedConnection): Connection | undefined {
    if (this.#closing.signal.aborted) {
      channel.destroy()
      return undefined
    }
    const connection = new Connection({
      channel,
      protocol,
      clock: this.#options.clock,
      onReplies: () => {
        if (this.#health.answered()) this.#publish('reinstate', undefined)
        if (this.#waiting.length > 0) this.#pump()
      },
      onClose: (ended, left) => {
        this.#onClose(ended, left)
      },
    })
    if (this.#health.connected()) this.#publish('reinstate', undefined)
    if (!connection.open) return undefined
    this.#connections.add(connection)
    this.#idle.start()
    this.#pump()
    this.#replace()
    return connection
  }

  #onConnectFailed(error: Error): void {
    if (this.#closing.signal.aborted) {
      this.#failWaiting(clientClosed())
      return
    }
    if (this.#health.connectFailed(error, time.now())) this.#publish('eject', error)
    if (this.#connections.size === 0 && this.#opening === 0) this.#failWaiting(error)
    this.#replace()
  }

  #onClose(connection: Connection, { written, unwritten, cause }: Leftovers): void {
    this.#connections.remove(connection)
    if (channels.disconnect.hasSubscribers) {
      const { name: server, endpoint } = this
      channels.disconnect.publish({ server, endpoint, unanswered: written.length, error: cause })
    }
    const again: Request[] = []
    for (const request of written) {
      if (isReadOnly(request) && request.takeRetry()) again.push(request)
      else request.fail(this.#closing.signal.aborted ? clientClosed() : connectionLost(this.name, cause))
    }
    again.push(...unwritten)
    if (this.#closing.signal.aborted) {
      for (const request of again) request.fail(clientClosed())
      return
    }
    if (written.length > 0 || cause !== undefined) this.#fault(connectionLost(this.name, cause))
    this.#requeue(again)
  }

  /** Puts requests before those that wait: nothing of them was written, or they are reads to be tried again. */
  #requeue(requests: readonly Request[]): void {
    for (const request of requests) request.rewind()
    this.#waiting.unshift(requests)
    if (this.#waiting.length === 0) return
    if (this.#connections.size > 0) this.#pump()
    else if (!this.#mayWait()) this.#failWaiting(this.#down())
    else if (this.#opening === 0) this.#open()
  }

  #fault(error: Error): void {
    if (this.#health.failed(error, time.now())) this.#publish('eject', error)
  }

  #publish(event: 'eject' | 'reinstate', error: Error | undefined): void {
    const channel = channels[event]
    if (!channel.hasSubscribers) return
    const { name: server, endpoint } = this
    channel.publish({ server, endpoint, faults: this.#health.faults, error })
  }

  /** Settles what is due, and closes connections that are dead. */
  #expire(now: number): void {
    for (const connection of [...this.#connections]) {
      this.#expireOf(connection.requests(), now)
      const silentAt = connection.silentAt(this.#options.timeout)
      if (silentAt <= now) connection.destroy(silent(this.name))
      else if (silentAt < Infinity) this.#alarm.add(silentAt)
    }
    this.#expireOf(this.#waiting.requests(), now)
  }

  /** Settles those requests that are due, and sets the alarm for the next one. */
  #expireOf(requests: Iterable<Request>, now: number): void {
    for (const request of requests) {
      if (request.settled) continue
      if (request.deadline <= now) request.expire(this.name)
      else this.#alarm.add(request.deadline)
    }
  }

  #down(): Error {
    return serverDown(this.name, this.#health.lastError, this.#health.pause(time.now()))
  }
}

function isReadOnly(request: Request): boolean {
  for (let index = 0; index < request.count; index++) if (!isRead(request.at(index))) return false
  return true
}
