import type { Client, Form } from 'memkeep/internal/bench'

/** What protects the way to the server. */
export interface Layers {
  readonly tls: boolean
  readonly sasl: boolean
  readonly encryption: boolean
}

/** Where a contestant finds its servers, and how it gets in. */
export interface Target {
  /** `host:port` of each server. */
  readonly addresses: readonly string[]
  readonly ca?: string | undefined
  readonly credentials?: { readonly username: string; readonly password: string } | undefined
  /** Connections per server, for clients that can be told. */
  readonly connections?: number | undefined
}

/** One client in one posture. */
export interface Contestant {
  /** Unique, such as `memjs SASL`. */
  readonly name: string
  readonly kind: 'memkeep' | 'peer' | 'ceiling'
  /** The npm package behind it, if it is one of others. */
  readonly package?: string
  readonly layers: Layers
  readonly form: Form
  /** @throws Unavailable when this Node or this version cannot run it */
  open(target: Target): Promise<Client>
}

/** Why a contestant does not take part. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

/** Nothing on. */
export const PLAIN: Layers = { tls: false, sasl: false, encryption: false }

/** How long any client waits for a reply, in milliseconds: longer than the bench does, so that one judge judges all. */
export const CLIENT_TIMEOUT = 60_000

/** The layers in words, as charts and tables group them. */
export function nameLayers({ tls, sasl, encryption }: Layers): string {
  const names = [tls && 'TLS', sasl && 'SASL', encryption && 'encryption'].filter((name) => name !== false)
  return names.length === 0 ? 'plain' : names.join(' + ')
}

/** The one server of a contestant that knows but one. */
export function onlyServer({ addresses }: Target): { host: string; port: number; address: string } {
  const [address, ...others] = addresses
  if (address === undefined || others.length > 0) throw new Unavailable('takes one server here')
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)), address }
}
