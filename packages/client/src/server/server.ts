import { formatEndpoint, type Endpoint } from '@memkeep/core'
import { time } from '@memkeep/core/internal'
import type { Alarm } from '../clock/alarm.ts'
import { within } from '../clock/within.ts'
import { Connection, type Leftovers } from '../connection/connection.ts'
import type { Request } from '../connection/request.ts'
import type { ProtocolName } from '../protocol/protocol.ts'
import { channels } from '../telemetry/channels.ts'
import { AgeLimit } from './age-limit.ts'
import { ConnectionSet } from './connection-set.ts'
import { Connector } from './connector.ts'
import { clientClosed, connectionLost, notConnected, overloaded, serverDown, silent } from './faults.ts'
import { Health, type HealthOptions } from './health.ts'
import { IdleWatch } from './idle-watch.ts'
import type { OpenedConnection, OpenOptions } from './open-connection.ts'
import { WaitingRoom, type WaitingLimits } from './waiting-room.ts'

/** How much a server is asked at once, and what happens beyond. */
export interface LimitOptions extends WaitingLimits {
  /** Connections to one server at most. */
  readonly connections: number
  /** Commands in flight on one connection from which on further ones wait. */
  readonly maxInFlight: number
  /** Longer values, in bytes, are not read. */
  readonly maxValueBytes: number
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
  /** Milliseconds after which a connection is replaced; 0 for never. */
  readonly maxConnectionAge: number
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
  readonly #connector: Connector
  readonly #waiting: WaitingRoom
  readonly #alarm: Alarm
  readonly #connections = new ConnectionSet()
  readonly #idle: IdleWatch
  readonly #ages: AgeLimit
  #isRef = true
  /** Whether it takes no more requests. */
  #closed = false
  /** Whether every connection is closed for good. */
  #ended = false

  constructor(options: ServerOptions) {
    this.#options = options
    this.endpoint = options.endpoint
    this.name = formatEndpoint(options.endpoint)
    this.#health = new Health(options)
    this.#idle = new IdleWatch(options.idleTimeout, this.#connections)
    this.#ages = new AgeLimit(options.maxConnectionAge)
    this.#waiting = new WaitingRoom(options)
    this.#connector = new Connector({
      endpoint: options.endpoint,
      connection: options,
      health: this.#health,
      isNeeded: () => this.#needsConnection,
      onOpened: (opened, onRetire) => {
        this.#onOpened(opened, onRetire)
      },
      onFailed: (error) => {
        this.#onConnectFailed(error)
      },
    })
    this.#alarm = options.clock.alarm((now) => {
      this.#expire(now)
    })
  }

  /** Whether it is in use: an ejected server is not, until a connection can be opened again. */
  get up(): boolean {
    return !this.#health.ejected || this.#connections.size > 0
  }

  /** The protocol that it is spoken to in; undefined while no connection is open. */
  get protocol(): ProtocolName | undefined {
    return this.#connections.freest()?.protocol
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
    this.#ended = true
    this.#connector.close(clientClosed())
    for (const connection of [...this.#connections]) connection.destroy(clientClosed())
    this.#failWaiting(clientClosed())
    this.#alarm.stop()
    this.#idle.stop()
  }

  /** Has its connections keep the process alive, as they do from the start. */
  ref(): void {
    this.#isRef = true
    for (const connection of this.#connections) connection.ref()
  }

  /** Lets the process end though its connections are open. */
  unref(): void {
    this.#isRef = false
    for (const connection of this.#connections) connection.unref()
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
    if (freest.commands > 0 && this.#connections.size + this.#connector.opening < connections) {
      // as many as there are: one that has few left to give is not asked for all of them at once
      this.#connector.open(this.#connections.size)
    }
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
    if (connection === undefined && !this.#mayWait(request)) {
      request.fail(this.#down())
      return
    }
    if ((connection !== undefined && this.#options.overload === 'reject') || this.#waiting.full) {
      request.fail(overloaded(this.name))
      return
    }
    this.#waiting.push(request)
    this.#alarm.add(request.deadline)
    if (connection === undefined) this.#connect()
  }

  /** Has a connection opened for what waits, unless one is on its way. */
  #connect(): void {
    this.#connector.hold()
    if (this.#connector.opening === 0 && !this.#isHandingOver) this.#connector.open()
  }

  /**
   * Whether a request may wait for a connection: for one that is being opened, or can be at once. A read that may be
   * asked again waits for later ones too.
   */
  #mayWait(request: Request): boolean {
    const { ready, opening, promising } = this.#connector
    return this.#isHandingOver || promising || (ready && opening === 0) || request.isPatient
  }

  /** Whether a connection should be opened when a pause is over, though no call asks for it then. */
  get #needsConnection(): boolean {
    return this.#health.ejected || this.#connections.retiring > 0 || this.#waiting.length > 0
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

  /** Fails what waits, but for reads that may be asked again. */
  #failWaiting(error: Error): void {
    const patient: Request[] = []
    for (const request of this.#waiting.drain()) {
      if (request.isPatient && !this.#ended) patient.push(request)
      else request.fail(error)
    }
    this.#waiting.unshift(patient)
  }

  /** Opens a connection in the place of one that is to be replaced, which is in use until then. */
  #replace(): void {
    if (this.#connections.retiring > 0 && this.#connector.opening === 0) this.#connector.open()
  }

  #onOpened({ channel, protocol }: OpenedConnection, onRetire: (retire: () => void) => void): void {
    if (this.#ended) {
      channel.destroy()
      return
    }
    const connection = new Connection({
      channel,
      protocol,
      clock: this.#options.clock,
      server: this.name,
      maxValueBytes: this.#options.maxValueBytes,
      onReplies: () => {
        if (this.#health.answered()) this.#publish('reinstate', undefined)
        if (this.#waiting.length > 0) this.#pump()
      },
      onClose: (ended, left) => {
        this.#onClose(ended, left)
      },
    })
    if (this.#health.connected()) this.#publish('reinstate', undefined)
    if (!connection.open) return
    this.#connections.add(connection)
    if (!this.#isRef) connection.unref()
    const retire = (): void => {
      if (this.#connections.retire(connection)) this.#replace()
    }
    onRetire(retire)
    this.#ages.start(connection, retire)
    this.#idle.start()
    this.#pump()
    this.#replace()
  }

  #onConnectFailed(error: Error): void {
    if (this.#ended) {
      this.#failWaiting(clientClosed())
      return
    }
    const now = time.now()
    // a server that answers on other connections is not down
    if (this.#connections.size > 0) this.#health.backOff(now)
    else if (this.#health.connectFailed(error, now)) this.#publish('eject', error)
    if (this.#connections.size === 0 && this.#connector.opening === 0) this.#failWaiting(error)
    if (this.#waiting.length > 0) this.#connector.hold()
  }

  #onClose(connection: Connection, { written, unwritten, cause }: Leftovers): void {
    this.#connections.remove(connection)
    this.#ages.stop(connection)
    if (channels.disconnect.hasSubscribers) {
      const { name: server, endpoint } = this
      channels.disconnect.publish({ server, endpoint, unanswered: written.length, error: cause })
    }
    const again: Request[] = []
    for (const request of written) {
      if (request.isReadOnly && request.takeRetry()) again.push(request)
      else request.fail(this.#ended ? clientClosed() : connectionLost(this.name, cause))
    }
    again.push(...unwritten)
    if (this.#ended) {
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
    if (this.#connections.size > 0) {
      this.#pump()
      return
    }
    if (!this.#connector.promising && !this.#connector.ready) this.#failWaiting(this.#down())
    if (this.#waiting.length > 0) this.#connect()
  }

  #fault(error: Error): void {
    if (!this.#health.failed(error, time.now())) return
    this.#publish('eject', error)
    // from now on it is tried in the background
    if (this.#connections.size === 0 && this.#connector.opening === 0) this.#connector.wait()
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
    const late = this.#expireOf(this.#waiting.requests(), now)
    // calls with a short time of their own say little about a server
    const inVain = late.some(({ timeout }) => timeout >= this.#options.timeout)
    if (inVain && this.#connections.size === 0 && this.#connector.opening > 0) {
      this.#connector.doubt()
      this.#fault(notConnected(this.name))
    }
  }

  /** Settles those requests that are due, returns them, and sets the alarm for the next one. */
  #expireOf(requests: Iterable<Request>, now: number): readonly Request[] {
    const late: Request[] = []
    for (const request of requests) {
      if (request.settled) continue
      if (request.deadline <= now) {
        request.expire(this.name)
        late.push(request)
      } else this.#alarm.add(request.deadline)
    }
    return late
  }

  #down(): Error {
    return serverDown(this.name, this.#health.lastError, this.#health.pause(time.now()))
  }
}
