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

  constructor(client: MemcacheClient, entry: SingleServerEntry, hardening: Hardening) {
    super(client, entry)
    this.#hardening = hardening
  }

  override _connect(server: string): Promise<MemcacheConnection> {
    const connection = new HardenedConnection(this.client, this, this.#hardening)
    this.connections.push(connection)
    return connection.connect(server)
  }
}
