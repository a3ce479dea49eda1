import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { parseEndpoint, tcp, type Transport } from '@memkeep/core'
import { findFreePort, heldBy, startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import { afterEach, describe, expect, it } from 'vitest'
import { MemcachedClient } from './client.ts'

const TIMES = 40
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** The address of a server that ends every connection, with those words or at once. */
async function startTurningAway(words = ''): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).end(words)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => server.close())
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

/** Connects again and again with one signal; what the transport cannot do is not its matter. */
async function connectOften(transport: Transport, address: string, signal: AbortSignal): Promise<void> {
  const endpoint = parseEndpoint(address)
  for (let times = 0; times < TIMES; times++) {
    try {
      const channel = await transport.connect(endpoint, { signal })
      channel.on('error', () => undefined).destroy()
    } catch (error) {
      await transport.diagnose?.(error, endpoint, { signal })
    }
  }
}

describe('a signal that lives as long as the process', () => {
  it('holds nothing of the connections that were made with it, or were not', async () => {
    const [plain, secured] = await Promise.all([startMemcached('plain'), startMemcached('tls')])
    cleanups.push(
      () => plain.stop(),
      () => secured.stop(),
    )
    const away = `127.0.0.1:${String(await findFreePort())}`
    const closing = await startTurningAway()
    const full = await startTurningAway('ERROR Too many open connections\r\n')
    const { signal } = new AbortController()
    for (const address of [plain.address, away, closing, full]) await connectOften(tcp(), address, signal)
    const transport = tls(secured.clientTls)
    for (const address of [secured.address, away, closing, full]) {
      await connectOften(transport, address, signal)
    }
    expect(heldBy(signal)).toBe(0)
  })

  it('holds nothing of the calls that it could have ended', async () => {
    const plain = await startMemcached('plain')
    cleanups.push(() => plain.stop())
    const { signal } = new AbortController()
    const options = { signal, timeout: 60_000 }
    for (const servers of [
      plain.address,
      `127.0.0.1:${String(await findFreePort())}`,
      await startTurningAway(),
    ]) {
      const client = new MemcachedClient({ servers, closeTimeout: 100 })
      for (let times = 0; times < TIMES; times++) {
        await Promise.allSettled([
          client.get('k', options),
          client.set('k', 'v', options),
          client.getMany(['k', 'l'], options),
        ])
      }
      await client.close()
    }
    expect(heldBy(signal)).toBe(0)
  })

  it('would be seen to hold a listener', () => {
    const { signal } = new AbortController()
    signal.addEventListener('abort', () => undefined)
    expect(heldBy(signal)).toBe(1)
  })
})
