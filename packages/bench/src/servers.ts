import { createPki, startMemcached, type MemcachedServer, type Pki, type Posture } from '@memkeep/testkit'
import type { Layers, Target } from './contestants/contestant.ts'

/** Room for every contestant's values, so that none is evicted, and for values of a megabyte with what is around. */
const ARGS = ['-m', '2048', '-I', '2m']

/** The real memcacheds that the contestants talk to, started when first asked for. */
export class Servers implements AsyncDisposable {
  readonly #started: MemcachedServer[] = []
  #pki: Promise<Pki> | undefined

  /** `count` servers of the posture that the layers need; the same ones at every call. */
  async targetFor(layers: Layers, count = 1): Promise<Target> {
    const posture = postureFor(layers)
    this.#pki ??= createPki()
    const pki = await this.#pki
    let servers = this.#started.filter((server) => server.posture === posture)
    while (servers.length < count) {
      this.#started.push(await startMemcached(posture, { pki, args: ARGS }))
      servers = this.#started.filter((server) => server.posture === posture)
    }
    return {
      addresses: servers.slice(0, count).map(({ address }) => address),
      ca: layers.tls ? pki.ca : undefined,
      credentials: servers[0]?.credentials,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.splice(0).map((server) => server.stop()))
  }
}

function postureFor({ tls, sasl }: Layers): Posture {
  if (tls) return sasl ? 'tls+sasl' : 'tls'
  return sasl ? 'sasl' : 'plain'
}
