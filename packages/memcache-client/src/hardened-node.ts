import type { Hardening } from '@memkeep/client'
import {
  MemcacheNode,
  type MemcacheClient,
  type MemcacheConnection,
  type SingleServerEntry,
} from 'memcache-client'
import { HardenedConnection } from './hardened-connection.ts'

/** A server of memcache-client whose connections are opened through the layers. */
export class HardenedNode extends MemcacheNode {
  readonly #hardening: Hardening
  /** Those that finish what is under way, and get nothing new. */
  readonly #retired = new Set<MemcacheConnection>()
  #isRef = true

  constructor(client: MemcacheClient, entry: SingleServerEntry, hardening: Hardening) {
    super(client, entry)
    this.#hardening = hardening
  }

  override _connect(server: string): Promise<MemcacheConnection> {
    const connection = new HardenedConnection(this.client, this, this.#hardening, () => {
      super.endConnection(connection)
      this.#retired.add(connection)
    })
    connection.setRef(this.#isRef)
    this.connections.push(connection)
    return connection.connect(server)
  }

  /** Sets whether its connections, also later ones, keep the process alive. */
  setRef(isRef: boolean): void {
    this.#isRef = isRef
    for (const connection of [...this.connections, ...this.#retired]) {
      if (connection instanceof HardenedConnection) connection.setRef(isRef)
    }
  }

  override endConnection(connection: MemcacheConnection): void {
    this.#retired.delete(connection)
    super.endConnection(connection)
  }

  override shutdown(): void {
    super.shutdown()
    for (const connection of this.#retired) connection.shutdown()
  }
}
