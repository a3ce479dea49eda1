import { randomBytes, randomInt } from 'node:crypto'
import { MemcachedClient, type Hardening } from '@memkeep/client'
import type { Authenticator } from '@memkeep/core'
import { encodeBinaryRequest, exchange, parseBinaryResponse } from '@memkeep/core/internal'
import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { startMemcached, type MemcachedServer, type Pki } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import type { Row } from './rows.ts'

/** A row with its real server running, and everyone's way in. */
export interface Stage {
  readonly row: Row
  readonly server: MemcachedServer
  /** What the application is configured with. */
  readonly hardening: Hardening
  /** What an attacker inside the server has: every right on it, and no encryption key. */
  readonly insider: Hardening
  /** What an attacker on the network has: the public CA certificate at most. */
  readonly stranger: Hardening
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
      ...(row.sasl && { auth: UNAUTHENTICATED }),
    },
  }
}

/** `VERSION` of the binary protocol, which a SASL server answers to anyone. */
const VERSION = 0x0b

/** Speaks the binary protocol to a SASL server without saying who it is. */
const UNAUTHENTICATED: Authenticator = {
  name: 'none',
  protocol: 'binary',
  async authenticate(channel, { signal }) {
    await exchange(channel, encodeBinaryRequest({ opcode: VERSION }), parseBinaryResponse, signal)
  },
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
  hardening: Hardening,
  use: (client: MemcachedClient) => Promise<T>,
): Promise<T> {
  const client = new MemcachedClient({ servers, ...hardening })
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}
