import { createConnection, type Socket } from 'node:net'
import { MemcachedClient } from '@memkeep/client'
import { startFaultServer, startMemcached } from '@memkeep/testkit'
import { expect, it } from 'vitest'
import { KeyvMemcached } from './keyv-memcached.ts'

const STORES = /^(ms|set) memkeep-namespace/
const READS = /^(mg|get) memkeep-namespace/

/** Something that is let through when it is told to. */
class Gate {
  readonly #waiting: (() => void)[] = []
  #open = false

  get reached(): boolean {
    return this.#waiting.length > 0
  }

  pass(go: () => void): void {
    if (this.#open) go()
    else this.#waiting.push(go)
  }

  open(): void {
    this.#open = true
    for (const go of this.#waiting.splice(0)) go()
  }
}

async function reached(gate: Gate): Promise<void> {
  while (!gate.reached) await new Promise(setImmediate)
}

it.each([0, 60_000])(
  'what was cleared does not come back by an answer that is late, with a clearDelay of %s',
  async (clearDelay) => {
    await using server = await startMemcached('plain')
    const before = new MemcachedClient({ servers: server.address })
    await new KeyvMemcached({ client: before, namespace: 'n' }).set('k', 'old')
    // the new version is stored after the old one was read on another connection, and that read is answered last
    const [stored, read] = [new Gate(), new Gate()]
    const used = new Set<Socket>()
    const proxy = await startFaultServer((socket) => {
      const upstream = createConnection({ host: server.host, port: server.port })
      let late = false
      socket.on('data', (chunk: Buffer) => {
        const text = chunk.toString()
        if (text.includes('busy')) used.add(socket)
        if (READS.test(text) && stored.reached) late = true
        if (STORES.test(text)) stored.pass(() => upstream.write(chunk))
        else upstream.write(chunk)
      })
      upstream.on('data', (chunk) => {
        if (late) read.pass(() => socket.write(chunk))
        else socket.write(chunk)
      })
      socket.on('close', () => upstream.destroy())
      upstream.on('error', () => undefined)
    })
    const client = new MemcachedClient({ servers: proxy.address, connections: 2 })
    while (used.size < 2) await Promise.all(Array.from({ length: 50 }, () => client.get('busy')))
    const store = new KeyvMemcached({ client, namespace: 'n', clearDelay })
    const cleared = store.clear()
    await reached(stored)
    const during = store.get('k')
    // otherwise the new version is known without a read
    if (clearDelay === 0) await reached(read)
    stored.open()
    await cleared
    const after = store.get('k')
    read.open()
    // asked before it was cleared: either is right
    expect([undefined, 'old']).toContain(await during)
    expect(await after).toBeUndefined()
    expect(await store.get('k')).toBeUndefined()
    await client.close()
    await before.close()
    await proxy.close()
  },
)
