import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { asciiAuth } from '@memkeep/sasl'
import { findServerFeatures, startMemcached } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { MemcachedClient } from '../client.ts'
import { CHANNEL_NAMES, channels, type CommandMessage } from './channels.ts'

type Event = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error'
const EVENTS: readonly Event[] = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

/** Everything that is published while it is in use, as text, and the messages of each event. */
class Recorder implements Disposable {
  readonly commands: [Event, CommandMessage][] = []
  readonly others: [string, Record<string, unknown>][] = []
  readonly #undo: (() => void)[] = []

  constructor() {
    for (const event of EVENTS) {
      const listener = (message: unknown): void => {
        this.commands.push([event, message as CommandMessage])
      }
      this.#listen(`tracing:${CHANNEL_NAMES.command}:${event}`, listener)
    }
    for (const name of ['connect', 'authenticate', 'disconnect', 'eject', 'reinstate'] as const) {
      const listener = (message: unknown): void => {
        this.others.push([name, message as Record<string, unknown>])
      }
      this.#listen(CHANNEL_NAMES[name], listener)
    }
  }

  text(): string {
    return inspect([this.commands, this.others], { depth: null, maxArrayLength: null, showHidden: true })
  }

  #listen(name: string, listener: (message: unknown) => void): void {
    subscribe(name, listener)
    this.#undo.push(() => {
      unsubscribe(name, listener)
    })
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo) undo()
  }
}

describe('what a client publishes', () => {
  it('is the course of every command, without keys and values', async () => {
    const { metaCommands } = await findServerFeatures()
    await using server = await startMemcached('ascii-auth')
    using recorder = new Recorder()
    {
      await using cache = new MemcachedClient({
        servers: server.address,
        ...(server.credentials && { auth: asciiAuth(server.credentials) }),
      })
      await cache.set('the-key', 'the-value')
      await cache.get('the-key')
      await cache.getMany(['the-key', 'absent'])
      await cache.delete('absent')
      await expect(cache.increment('the-key')).rejects.toThrow()
    }
    expect(recorder.commands.map(([event, { operation }]) => `${event} ${operation}`)).toEqual([
      ...['start set', 'end set', 'asyncStart set', 'asyncEnd set'],
      ...['start get', 'end get', 'asyncStart get', 'asyncEnd get'],
      ...['start getMany', 'end getMany', 'asyncStart getMany', 'asyncEnd getMany'],
      ...['start delete', 'end delete', 'asyncStart delete', 'asyncEnd delete'],
      ...[
        'start increment',
        'end increment',
        'error increment',
        'asyncStart increment',
        'asyncEnd increment',
      ],
    ])
    const ends = recorder.commands.filter(([event]) => event === 'asyncEnd').map(([, message]) => message)
    expect(ends).toMatchObject([
      { server: server.address, keyCount: 1, outcome: 'stored' },
      { keyCount: 1, outcome: 'hit' },
      { keyCount: 2, outcome: 'hit' },
      { keyCount: 1, outcome: 'not-found' },
      { keyCount: 1, outcome: 'error', error: { code: 'ERR_MEMKEEP_NOT_A_NUMBER' } },
    ])
    for (const { duration } of ends) expect(duration).toBeGreaterThan(0)
    expect(recorder.others).toMatchObject([
      ['authenticate', { server: server.address, authenticator: 'ascii-auth' }],
      ['connect', { server: server.address, transport: 'tcp', protocol: metaCommands ? 'meta' : 'text' }],
      ['disconnect', { server: server.address, unanswered: 0 }],
    ])
    for (const secret of ['the-key', 'the-value', server.credentials?.password ?? '', 'absent']) {
      expect(recorder.text()).not.toContain(secret)
    }
  })

  it('has the keys, and still no values, when asked for', async () => {
    await using server = await startMemcached('plain')
    using recorder = new Recorder()
    await using cache = new MemcachedClient({ servers: server.address, telemetry: { keys: true } })
    await cache.set('the-key', 'the-value')
    await cache.get('the-key')
    expect(recorder.commands[0]?.[1].keys).toEqual(['the-key'])
    expect(recorder.text()).not.toContain('the-value')
  })

  it('runs in the context that a store is bound to', async () => {
    await using server = await startMemcached('plain')
    await using cache = new MemcachedClient({ servers: server.address })
    const storage = new AsyncLocalStorage<CommandMessage>()
    channels.command.start.bindStore(storage)
    let seen: CommandMessage | undefined
    const listener = (): void => {
      seen = storage.getStore()
    }
    subscribe(`tracing:${CHANNEL_NAMES.command}:end`, listener)
    try {
      await cache.get('k')
    } finally {
      channels.command.start.unbindStore(storage)
      unsubscribe(`tracing:${CHANNEL_NAMES.command}:end`, listener)
    }
    expect(seen?.operation).toBe('get')
  })

  it('tells when a server is ejected and reinstated', async () => {
    const server = await startMemcached('plain')
    using recorder = new Recorder()
    await using cache = new MemcachedClient({
      servers: server.address,
      ejectAfter: 2,
      ejectPause: 1,
      reconnectMaxDelay: 1,
      reconnectMinDelay: 1,
    })
    await cache.get('k')
    await server.stop()
    const names = (): readonly string[] => recorder.others.map(([name]) => name)
    while (!names().includes('eject')) {
      await cache.get('k').catch(() => undefined)
      await new Promise(setImmediate)
    }
    await using back = await startMemcached('plain', { args: ['-p', String(server.port)] })
    while (!names().includes('reinstate')) {
      await cache.get('k').catch(() => undefined)
      await new Promise(setImmediate)
    }
    expect(await cache.get('k')).toBeUndefined()
    const eject = recorder.others.find(([name]) => name === 'eject')?.[1]
    expect(eject).toMatchObject({ server: back.address, faults: 2, error: { name: 'MemkeepError' } })
  })
})
