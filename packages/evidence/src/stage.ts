import { randomBytes, randomInt } from 'node:crypto'
import { MemcachedClient, type Hardening, type MemcachedClientOptions } from '@memkeep/client'
import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { startMemcached, type MemcachedServer, type Pki } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import type { Row } from './rows.ts'

/** How someone reaches a server. */
export type WayIn = Omit<MemcachedClientOptions, 'servers'>

/** A row with its real server running, and everyone's way in. */
export interface Stage {
  readonly row: Row
  readonly server: MemcachedServer
  /** What the application is configured with. */
  readonly hardening: Hardening
  /** What an attacker inside the server has: every right on it, and no encryption key. */
  readonly insider: Hardening
  /** What an attacker on the network has: the public CA certificate at most. */
  readonly stranger: WayIn
}

/** Starts a row's server. */
export async function setStage(row: Row, pki: Pki): Promise<Stage> {
  const server = await startMemcached(row.server, { pki })
  const insider: Hardening = {
    ...(row.tls && { transport: tls(server.clientTls) }),
    ...(row.sasl && server.credentials !== undefined && { auth: sasl(server.credentials) }),
  }
  return {
    row,
    server,
    insider,
    hardening: row.encryption
      ? { ...insider, middleware: [encryption({ keyring: Keyring.generate(), context: 'evidence' })] }
      : insider,
    stranger: {
      ...(row.tls && { transport: tls({ ca: pki.ca }) }),
      // what SASL servers speak, without saying who it is
      ...(row.sasl && { protocol: 'binary' as const }),
    },
  }
}

/** A record that would hurt to lose, with marks that occur nowhere else. */
export interface SecretRecord {
  readonly key: string
  readonly value: string
  /** The part of the value that nobody else may see. */
  readonly secret: string
}

/** Makes a record of a customer's card, different at every call. */
export function makeRecord(): SecretRecord {
  const secret = Array.from({ length: 16 }, () => String(randomInt(10))).join('')
  return {
    key: `customer:${randomBytes(6).toString('hex')}:card`,
    value: JSON.stringify({ holder: 'Ada Lovelace', card: secret }),
    secret,
  }
}

/** Uses a client for a while and closes it, whatever happens. */
export async function withClient<T>(
  servers: string,
  way: WayIn,
  use: (client: MemcachedClient) => Promise<T>,
): Promise<T> {
  const client = new MemcachedClient({ servers, ...way })
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}
