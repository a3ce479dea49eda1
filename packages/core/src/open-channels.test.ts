import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { OpenChannels, type OpenChannel } from './open-channels.ts'

interface Numbered extends OpenChannel {
  readonly number: number
}

describe('OpenChannels', () => {
  let asked: number[]
  let all: OpenChannels<Numbered>
  beforeEach(() => {
    asked = []
    all = new OpenChannels()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  function add(number: number): Numbered {
    const open = { number, channel: new PassThrough(), onRetire: () => void asked.push(number) }
    all.add(open)
    return open
  }
  async function close({ channel }: Numbered): Promise<void> {
    channel.destroy()
    await new Promise(setImmediate)
  }

  it('are replaced one after the other, each asked for once however often it is said', async () => {
    const [first, second] = [add(1), add(2), add(3)]
    for (let time = 0; time < 3; time++) all.replace(({ number }) => number < 3)
    expect(asked).toEqual([1])
    await close(first)
    expect(asked).toEqual([1, 2])
    await close(second)
    all.replace(({ number }) => number < 3)
    expect(asked).toEqual([1, 2])
    expect([...all].map(({ number }) => number)).toEqual([3])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('do not wait for ever for one that cannot be replaced, nor for one that is gone', async () => {
    const [first, second] = [add(1), add(2), add(3)]
    all.replace(() => true)
    await close(second)
    vi.advanceTimersByTime(10_000)
    expect(asked).toEqual([1, 3])
    expect(all.isRetiring(first)).toBe(true)
  })

  it('are left alone where their owner cannot replace them', () => {
    const open = { number: 1, channel: new PassThrough(), onRetire: undefined }
    all.add(open)
    all.replace(() => true)
    expect(all.isRetiring(open)).toBe(false)
  })
})
