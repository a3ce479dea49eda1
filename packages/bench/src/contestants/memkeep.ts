import { MemcachedClient, type MemcachedClientOptions } from '@memkeep/client'
import { encryption, Keyring, type EnvelopeAlgorithm } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { tls } from '@memkeep/tls'
import type { Client } from 'memkeep/internal/bench'
import {
  CLIENT_TIMEOUT,
  nameLayers,
  PLAIN,
  Unavailable,
  type Contestant,
  type Layers,
  type Target,
} from './contestant.ts'

const POSTURES: readonly Layers[] = [
  PLAIN,
  { ...PLAIN, tls: true },
  { ...PLAIN, sasl: true },
  { ...PLAIN, tls: true, sasl: true },
  { ...PLAIN, encryption: true },
  { tls: true, sasl: true, encryption: true },
]

/** Memkeep in every posture. */
export const MEMKEEP: readonly Contestant[] = POSTURES.map((layers) => memkeepWith(layers))

/** Memkeep in one posture, with an algorithm that is not its default one. */
export function memkeepWith(layers: Layers, algorithm?: EnvelopeAlgorithm): Contestant {
  return {
    name: `Memkeep ${nameLayers(layers)}${algorithm === undefined ? '' : ` ${algorithm}`}`,
    kind: 'memkeep',
    layers,
    form: 'buffer',
    open: (target) => Promise.resolve(open(layers, algorithm, target)),
  }
}

/** What the client takes, and what a growth curve asks of it beyond. */
type Options = MemcachedClientOptions & { readonly connections?: number }

function open(
  layers: Layers,
  algorithm: EnvelopeAlgorithm | undefined,
  target: Target,
): Client<Buffer | undefined, Map<string, Buffer>, boolean> {
  const { addresses, ca, credentials, connections } = target
  const options: Options = {
    servers: addresses.join(','),
    timeout: CLIENT_TIMEOUT,
    ...(layers.tls && ca !== undefined && { transport: tls({ ca }) }),
    ...(layers.sasl && credentials !== undefined && { auth: sasl(credentials) }),
    ...(layers.encryption && {
      middleware: [encryption({ keyring: Keyring.generate(), context: 'bench', algorithm })],
    }),
    ...(connections !== undefined && { connections }),
  }
  const client = construct(options, addresses.length > 1 || connections !== undefined)
  return {
    get: (key) => client.get(key),
    getMany: (keys) => client.getMany(keys),
    set: (key, value) => client.set(key, value),
    valueOf: (reply) => reply,
    valueIn: (replies, key) => replies.get(key),
    stored: (reply) => reply,
    close: () => client.close(),
  }
}

/** A refusal of what only a growth curve asks for is no fault: this version does not have it. */
function construct(options: Options, growing: boolean): MemcachedClient {
  try {
    return new MemcachedClient(options)
  } catch (error) {
    if (growing && (error instanceof TypeError || error instanceof RangeError)) {
      throw new Unavailable(error.message, { cause: error })
    }
    throw error
  }
}
