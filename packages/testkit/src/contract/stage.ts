import { startMemcached, type MemcachedServer } from '../memcached/server.ts'
import { partsOf, type Posture, type PostureParts } from '../posture.ts'
import type { ContractCache, HardeningOf, Subject } from './subject.ts'

/** Room for a value of 1 MiB in whatever form it is stored. */
const ARGS = ['-I', '4m'] as const

/** Milliseconds that a stranger waits for a server that says nothing; connecting itself takes a few. */
const SILENCE = 500

/** Who opens a cache. */
export type Role = 'friend' | 'stranger' | 'wrong-password'

/** One posture of the server, and the caches that a promise opens there. */
export class Stage<Transport, Auth, Middleware> {
  readonly parts: PostureParts
  readonly sealed: boolean
  /** The names that the last caches sent, in their order. */
  readonly names: string[] = []
  readonly #subject: Subject<Transport, Auth, Middleware>
  readonly #caches: { close(): unknown }[] = []
  #server: MemcachedServer

  private constructor(
    subject: Subject<Transport, Auth, Middleware>,
    server: MemcachedServer,
    { sealed }: { sealed: boolean },
  ) {
    this.#subject = subject
    this.#server = server
    this.sealed = sealed
    this.parts = partsOf(server.posture)
  }

  static async set<Transport, Auth, Middleware>(
    subject: Subject<Transport, Auth, Middleware>,
    posture: Posture,
    options: { sealed: boolean },
  ): Promise<Stage<Transport, Auth, Middleware>> {
    return new Stage(subject, await startMemcached(posture, { args: ARGS }), options)
  }

  async open(role: Role = 'friend'): Promise<ContractCache> {
    const { layers } = this.#subject
    const recorder = {
      name: 'recorder',
      mapKey: (key: string): string => {
        this.names.push(key)
        return key
      },
    }
    const middleware = this.sealed ? [layers.seal(), layers.record(recorder)] : undefined
    const cache = await this.#subject.open(this.#server, {
      ...this.#reach(role),
      ...(middleware !== undefined && { middleware }),
    })
    this.#caches.push(cache)
    return cache
  }

  insider(): ReturnType<Subject<Transport, Auth, Middleware>['insider']> {
    const insider = this.#subject.insider(this.#server, this.#reach('friend'))
    this.#caches.push(insider)
    return insider
  }

  /** Ends the server and starts it anew where it was, with nothing in it. */
  async restart(): Promise<void> {
    const { posture, port, pki, credentials } = this.#server
    await this.#server.stop()
    this.#server = await startMemcached(posture, {
      port,
      pki,
      args: ARGS,
      ...(credentials && { credentials }),
    })
  }

  async closeCaches(): Promise<void> {
    await Promise.all(this.#caches.splice(0).map((cache) => cache.close()))
  }

  async end(): Promise<void> {
    await this.closeCaches()
    await this.#server.stop()
  }

  #reach(role: Role): HardeningOf<Transport, Auth, Middleware> {
    const { layers } = this.#subject
    const { clientTls, credentials } = this.#server
    const { ca } = clientTls
    const material = role === 'stranger' && ca !== undefined ? { ca } : clientTls
    const said =
      role === 'wrong-password' && credentials ? { ...credentials, password: 'wrong' } : credentials
    return {
      // a server with SASL has no answer to text
      ...(role === 'stranger' && this.parts.auth === 'sasl' && { connectTimeout: SILENCE }),
      ...(this.parts.tls && { transport: layers.tls(material) }),
      ...(said !== undefined &&
        role !== 'stranger' && {
          auth: this.parts.auth === 'sasl' ? layers.sasl(said) : layers.asciiAuth(said),
        }),
    }
  }
}
