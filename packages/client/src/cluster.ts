import { formatEndpoint, MemkeepError, parseEndpoints, type Endpoint } from '@memkeep/core'
import type { Discovery } from './discovery/discovery.ts'
import type { CallClock } from './clock/call-clock.ts'
import { DiscoveryPoller } from './discovery/poller.ts'
import { ketama } from './ring/ketama.ts'
import { modulo } from './ring/modulo.ts'
import type { Ring, RingServer } from './ring/ring.ts'
import { Server, type ServerOptions } from './server/server.ts'

/** A server and its share of the keys. */
export interface Member {
  readonly endpoint: Endpoint
  /** Whole number from 1 on, beside the weights of the others. */
  readonly weight: number
}

/** What a {@link Cluster} is made of. */
export interface ClusterOptions {
  readonly members: readonly Member[]
  readonly discovery: Discovery | undefined
  readonly distribution: 'ketama' | 'modulo'
  /** Whether the keys of an ejected server go to the others. */
  readonly rehash: boolean
  readonly server: Omit<ServerOptions, 'endpoint' | 'discovered' | 'clock'>
}

/** The servers of a client, and which key belongs to which of them; both can change while it is used. */
export class Cluster {
  readonly #options: ClusterOptions
  readonly #clock: CallClock
  readonly #poller: DiscoveryPoller | undefined
  /** In the order that the ring was made of. */
  #members: readonly Member[] = []
  #servers: readonly Server[] = []
  #isRef = true
  /** Servers out of use that finish what they were asked. */
  readonly #leaving = new Set<Server>()
  #ring: Ring
  readonly #isUp = (index: number): boolean => this.#servers[index]?.up === true

  constructor(options: ClusterOptions, clock: CallClock) {
    this.#options = options
    this.#clock = clock
    this.#ring = options.distribution === 'ketama' ? ketama([]) : modulo([])
    const { discovery, members } = options
    if (discovery === undefined) this.#setMembers(members, 0)
    else {
      this.#poller = new DiscoveryPoller({
        discovery,
        endpoints: members.map(({ endpoint }) => endpoint),
        connection: options.server,
        onMembers: (discovered) => {
          this.#setMembers(discovered, options.server.timeout)
        },
      })
    }
  }

  /** Whether there are servers to ask; without a discovery there always are. */
  get known(): boolean {
    return this.#servers.length > 0
  }

  /** Resolves when the discovery has named servers, which are then known. */
  async discover(): Promise<void> {
    await this.#poller?.start()
  }

  get servers(): readonly Server[] {
    return this.#servers
  }

  /** The server that a key, as it goes over the wire, belongs to. */
  serverOf(wireKey: string): Server {
    const first = this.#servers[0]
    if (first !== undefined && this.#servers.length === 1) return first
    const up = this.#options.rehash ? this.#ring.pick(wireKey, this.#isUp) : -1
    const server = this.#servers[up < 0 ? this.#ring.pick(wireKey) : up]
    if (server === undefined) throw new Error('The cluster has no servers yet')
    return server
  }

  /** The server that a key belongs to while those cannot be reached; undefined when no other one is up. */
  nextServerOf(wireKey: string, without: ReadonlySet<Server>): Server | undefined {
    const isLeft = (index: number): boolean => {
      const server = this.#servers[index]
      return server?.up === true && !without.has(server)
    }
    return this.#servers[this.#ring.pick(wireKey, isLeft)]
  }

  /**
   * Takes further servers into use.
   *
   * @throws MemkeepError `ERR_MEMKEEP_INVALID_ENDPOINT` for one that is there already,
   * `ERR_MEMKEEP_UNSUPPORTED_OPERATION` with a discovery
   */
  add(members: readonly Member[], closeTimeout: number): void {
    this.#refuseDiscovered()
    const all = [...this.#members, ...members]
    parseEndpoints(all.map(({ endpoint }) => endpoint))
    this.#setMembers(all, closeTimeout)
  }

  /**
   * Takes a server out of use.
   *
   * @throws RangeError when there is no such server, or no other one
   * @throws MemkeepError `ERR_MEMKEEP_UNSUPPORTED_OPERATION` with a discovery
   */
  remove(name: string, closeTimeout: number): void {
    this.#refuseDiscovered()
    const rest = this.#members.filter(({ endpoint }) => formatEndpoint(endpoint) !== name)
    if (rest.length === this.#members.length)
      throw new RangeError('There is no server of that name: write it as client.servers has it')
    if (rest.length === 0) throw new RangeError('The last server cannot be removed: close the client')
    this.#setMembers(rest, closeTimeout)
  }

  /**
   * Changes the servers to these. Those that stay keep their connections; those that go finish what they were asked.
   *
   * @param closeTimeout milliseconds that those that go have for that
   */
  #setMembers(members: readonly Member[], closeTimeout: number): void {
    const known = new Map(this.#servers.map((server) => [server.name, server]))
    this.#servers = members.map(({ endpoint }) => {
      const name = formatEndpoint(endpoint)
      const server = known.get(name)
      // whether TLS is demanded is part of a server: the connections of one of which it was not do not serve
      if (server === undefined || server.endpoint.secure !== endpoint.secure) return this.#serverAt(endpoint)
      known.delete(name)
      return server
    })
    this.#members = members
    this.#ring = this.#ring.change(Cluster.#ringServers(members))
    for (const server of known.values()) {
      this.#leaving.add(server)
      void server.close(closeTimeout).then(() => this.#leaving.delete(server))
    }
  }

  #serverAt(endpoint: Endpoint): Server {
    const discovered = this.#poller !== undefined && !this.#wasConfigured(endpoint)
    const server = new Server({ ...this.#options.server, endpoint, discovered, clock: this.#clock })
    if (!this.#isRef) server.unref()
    return server
  }

  /** Whether the user wrote this very server. */
  #wasConfigured(endpoint: Endpoint): boolean {
    const name = formatEndpoint(endpoint)
    return this.#options.members.some((member) => formatEndpoint(member.endpoint) === name)
  }

  /** Has the connections keep the process alive, or lets it end though they are open. */
  setRef(isRef: boolean): void {
    this.#isRef = isRef
    for (const server of [...this.#servers, ...this.#leaving]) {
      if (isRef) server.ref()
      else server.unref()
    }
  }

  /** The results that callers wait for, of servers out of use too. */
  get pending(): readonly Promise<unknown>[] {
    return [...this.#servers, ...this.#leaving].flatMap(({ pending }) => pending)
  }

  /** Closes every server, those out of use too, and asks no more which there are. */
  async close(timeout: number): Promise<void> {
    this.#poller?.stop()
    await Promise.all([...this.#servers, ...this.#leaving].map((server) => server.close(timeout)))
  }

  #refuseDiscovered(): void {
    if (this.#poller === undefined) return
    throw new MemkeepError(
      'ERR_MEMKEEP_UNSUPPORTED_OPERATION',
      'The servers are those that the discovery names: change them there, or leave "discovery" out.',
    )
  }

  /** The members as a ring sees them. */
  static #ringServers(members: readonly Member[]): readonly RingServer[] {
    return members.map(({ endpoint, weight }) =>
      'path' in endpoint
        ? { host: endpoint.path, port: 0, weight }
        : { host: endpoint.host, port: endpoint.port, weight },
    )
  }
}
