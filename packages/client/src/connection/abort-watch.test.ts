import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { AbortWatch } from './abort-watch.ts'
import { Request } from './request.ts'

const make = (): Request =>
  new Request(
    { commands: { verb: 'version' }, take: () => undefined },
    { timeout: 1_000, turn: { at: performance.now() }, retries: 0 },
  )

describe('a watch on signals', () => {
  it('fails every request of a signal with its reason, and no other', async () => {
    const watch = new AbortWatch()
    const [one, other] = [new AbortController(), new AbortController()]
    const requests = Array.from({ length: 20 }, make)
    for (const request of requests) watch.watch(one.signal, request)
    const untouched = make()
    watch.watch(other.signal, untouched)
    expect(getEventListeners(one.signal, 'abort')).toHaveLength(1)
    const reason = new Error('enough')
    one.abort(reason)
    for (const request of requests) await expect(request.result).rejects.toBe(reason)
    expect(untouched.settled).toBe(false)
    expect(getEventListeners(one.signal, 'abort')).toEqual([])
  })

  it('lets go of a signal whose requests are settled, and takes it up again', async () => {
    const watch = new AbortWatch()
    const { signal } = new AbortController()
    for (let round = 0; round < 2; round++) {
      const request = make()
      watch.watch(signal, request)
      expect(getEventListeners(signal, 'abort')).toHaveLength(1)
      request.fail(new Error('lost'))
      await expect(request.result).rejects.toThrow('lost')
      expect(getEventListeners(signal, 'abort')).toEqual([])
    }
  })

  it('fails a request at once whose signal has aborted', async () => {
    const request = make()
    const signal = AbortSignal.abort(new Error('enough'))
    new AbortWatch().watch(signal, request)
    expect(request.settled).toBe(true)
    await expect(request.result).rejects.toThrow('enough')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
