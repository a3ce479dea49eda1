import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Attempt } from './attempt.ts'

const never = (): Error => new Error('too late')

describe('an attempt', () => {
  it('ends with its parent, and leaves nothing in it', async () => {
    const parent = new AbortController()
    for (let times = 0; times < 20; times++) {
      const attempt = new Attempt(parent.signal, 60_000, never)
      expect(await attempt.settle(Promise.resolve(1))).toBe(1)
      attempt.end()
    }
    expect(getEventListeners(parent.signal, 'abort')).toEqual([])
    const attempt = new Attempt(parent.signal, 60_000, never)
    const settled = attempt.settle(new Promise(() => undefined))
    parent.abort(new Error('enough'))
    await expect(settled).rejects.toThrow('enough')
    attempt.end()
    const late = new Attempt(parent.signal, 60_000, never)
    await expect(late.settle(Promise.resolve())).rejects.toThrow('enough')
    late.end()
  })

  it('ends when its time is over', async () => {
    const attempt = new Attempt(new AbortController().signal, 1, never)
    await expect(attempt.settle(new Promise(() => undefined))).rejects.toThrow('too late')
    attempt.end()
  })
})
