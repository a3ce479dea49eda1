import type { Client } from 'memkeep/internal/bench'
import {
  CLIENT_TIMEOUT,
  nameLayers,
  onlyServer,
  PLAIN,
  Unavailable,
  type Contestant,
  type Layers,
  type Target,
} from './contestant.ts'

/** The part of its node that SASL needs: the binary commands are its only ones then. */
interface MemcacheNode {
  binaryGet(key: string): Promise<string | undefined>
  binarySet(key: string, value: string): Promise<boolean>
}

/** The part of it that is used here; it is optional, since it needs a later Node than this package. */
interface Memcache {
  readonly nodes: readonly MemcacheNode[]
  connect(): Promise<void>
  get(key: string): Promise<string | undefined>
  gets(keys: readonly string[]): Promise<Map<string, string>>
  set(key: string, value: string): Promise<boolean>
  disconnect(): Promise<void>
}

interface MemcacheOptions {
  readonly nodes: readonly string[]
  readonly timeout: number
  readonly tls?: { readonly ca: string | undefined }
  readonly sasl?: Target['credentials']
}

type MemcacheClass = new (options: MemcacheOptions) => Memcache

type Opened = Client<string | undefined, Map<string, string> | readonly (string | undefined)[], boolean>

const POSTURES: readonly Layers[] = [
  PLAIN,
  { ...PLAIN, tls: true },
  { ...PLAIN, sasl: true },
  { ...PLAIN, tls: true, sasl: true },
]

/** https://www.npmjs.com/package/memcache */
export const MEMCACHE: readonly Contestant[] = POSTURES.map((layers) => ({
  name: `memcache ${nameLayers(layers)}`,
  kind: 'peer',
  package: 'memcache',
  layers,
  form: 'string',
  open: (target) => open(layers, target),
}))

async function open(layers: Layers, target: Target): Promise<Opened> {
  const Memcache = await load()
  const client = new Memcache({
    nodes: [onlyServer(target).address],
    timeout: CLIENT_TIMEOUT,
    ...(layers.tls && { tls: { ca: target.ca } }),
    ...(layers.sasl && { sasl: target.credentials }),
  })
  await client.connect()
  const [node] = client.nodes
  const commands =
    layers.sasl && node !== undefined
      ? {
          get: (key: string) => node.binaryGet(key),
          getMany: (keys: readonly string[]) => Promise.all(keys.map((key) => node.binaryGet(key))),
          set: (key: string, value: Buffer | string) => node.binarySet(key, String(value)),
        }
      : {
          get: (key: string) => client.get(key),
          getMany: (keys: readonly string[]) => client.gets(keys),
          set: (key: string, value: Buffer | string) => client.set(key, String(value)),
        }
  return {
    ...commands,
    valueOf: (reply) => reply,
    valueIn: (replies, key, position) => (replies instanceof Map ? replies.get(key) : replies[position]),
    stored: (reply) => reply,
    close: () => client.disconnect(),
  }
}

/** Its class, where npm has installed it. */
async function load(): Promise<MemcacheClass> {
  const name = 'memcache' as string
  try {
    const module = (await import(name)) as { readonly Memcache: MemcacheClass }
    return module.Memcache
  } catch (error) {
    throw new Unavailable(`not on this Node (${process.version})`, { cause: error })
  }
}
