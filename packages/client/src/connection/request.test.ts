import { describe, expect, it } from 'vitest'
import type { Command } from '../protocol/command.ts'
import { Reply } from '../protocol/reply.ts'
import { Request, type Take } from './request.ts'

const get = (key: string): Command => ({ verb: 'get', key, withCas: false, exptime: undefined })

function make(commands: Command | readonly Command[], take: Take<unknown>, retries = 0): Request {
  return new Request({ commands, take }, { timeout: 100, turn: { at: 1_000 }, retries })
}

function reply(message: string): Reply {
  const made = new Reply()
  made.reset('version', 0)
  made.message = message
  return made
}

describe('a request', () => {
  it('is settled once, with what was made of its reply', async () => {
    const request = make(get('k'), ({ message }) => message)
    expect(request).toMatchObject({ count: 1, deadline: 1_100, settled: false })
    request.answer(reply('first'), true)
    request.fail(new Error('late'))
    request.expire('a:1')
    expect(request.settled).toBe(true)
    expect(await request.result).toBe('first')
  })

  it('tells once that it is settled, however it was', async () => {
    const ends: ((request: Request) => void)[] = [
      (request) => {
        request.answer(reply('x'), true)
      },
      (request) => {
        request.fail(new Error('lost'))
      },
      (request) => {
        request.expire('a:1')
      },
    ]
    for (const end of ends) {
      const request = make(get('k'), () => undefined)
      let settled = 0
      request.onSettled = () => {
        expect(request.settled).toBe(true)
        settled++
      }
      expect(settled).toBe(0)
      for (const each of [end, ...ends]) each(request)
      expect(settled).toBe(1)
      await Promise.allSettled([request.result])
    }
  })

  it('hands each taker its place and the time by which the result must be there', async () => {
    const seen: unknown[] = []
    const request = make([get('a'), get('b')], (_, index, deadline) => seen.push([index, deadline]))
    request.answer(reply(''), true)
    request.answer(reply(''), true)
    await request.result
    expect(seen).toEqual([
      [0, 1_100],
      [1, 1_100],
    ])
  })

  it('waits for a promise that was made of its reply', async () => {
    const reason = new Error('deleted')
    const request = make(get('k'), () => Promise.reject(reason))
    request.answer(reply(''), true)
    await expect(request.result).rejects.toBe(reason)
  })

  it('rejects with what is thrown over its reply, or with its timeout, whose late reply nobody sees', async () => {
    const refused = make(get('k'), () => {
      throw new Error('refused')
    })
    refused.answer(reply(''), true)
    await expect(refused.result).rejects.toThrow('refused')

    const seen: string[] = []
    const late = make(get('k'), ({ message }) => seen.push(message))
    late.expire('a:1')
    late.answer(reply('late'), true)
    await expect(late.result).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_COMMAND_TIMEOUT',
      message: expect.stringMatching(/a:1 .* 100 ms/) as string,
    })
    expect(seen).toEqual([])
    expect(late.answered).toBe(1)
  })

  it('of several commands is settled with the last of their replies', async () => {
    const seen: [number, string][] = []
    const request = make([get('a'), get('b'), get('c')], ({ message }, index) => seen.push([index, message]))
    expect(request.count).toBe(3)
    expect(request.at(1)).toEqual(get('b'))
    expect(() => request.at(3)).toThrow(RangeError)
    for (const message of ['A', 'B', 'C']) {
      expect(request.settled).toBe(false)
      request.answer(reply(message), true)
    }
    expect(await request.result).toBe(3)
    expect(seen).toEqual([
      [0, 'A'],
      [1, 'B'],
      [2, 'C'],
    ])
  })

  it('of several commands rejects with the first of their faults, once all are answered', async () => {
    const request = make([get('a'), get('b')], ({ message }) => {
      throw new Error(message)
    })
    request.answer(reply('A'), true)
    expect(request.settled).toBe(false)
    request.answer(reply('B'), true)
    await expect(request.result).rejects.toThrow('A')
  })

  it.each([0, 1, 2])('of several commands rejects at the end over one reply alone: %i', async (bad) => {
    const seen: string[] = []
    const request = make([get('a'), get('b'), get('c')], ({ message }, index) => {
      if (index === bad) throw new Error(`refused ${message}`)
      seen.push(message)
      return seen
    })
    for (const [index, message] of ['A', 'B', 'C'].entries()) {
      expect([request.settled, request.answered]).toEqual([false, index])
      request.answer(reply(message), true)
    }
    await expect(request.result).rejects.toThrow(`refused ${'ABC'.charAt(bad)}`)
    // the others are taken all the same
    expect(seen).toEqual(['A', 'B', 'C'].filter((_, index) => index !== bad))
  })

  it('rejects over one of several replies to one command, once the last is there', async () => {
    const request = make({ verb: 'stats', group: '' }, ({ message }) => {
      if (message === 'bad') throw new Error('refused')
    })
    request.answer(reply('good'), false)
    request.answer(reply('bad'), false)
    expect(request.settled).toBe(false)
    request.answer(reply('good'), true)
    await expect(request.result).rejects.toThrow('refused')
  })

  it('forgets the faults of replies that it is asked for anew', async () => {
    let fails = true
    const request = make(
      [get('a'), get('b')],
      ({ message }) => {
        if (fails) throw new Error('refused')
        return message
      },
      1,
    )
    request.answer(reply('A'), true)
    expect(request.takeRetry()).toBe(true)
    request.rewind()
    fails = false
    request.answer(reply('A'), true)
    request.answer(reply('B'), true)
    expect(await request.result).toBe('B')
  })

  it.each([0, 1, 3])('takes %i retries, and none more', async (retries) => {
    const request = make(get('k'), () => undefined, retries)
    for (let retry = 0; retry < retries; retry++) expect(request.takeRetry()).toBe(true)
    expect([request.takeRetry(), request.takeRetry()]).toEqual([false, false])
    request.answer(reply(''), true)
    await request.result
  })

  it('takes several replies to one command', async () => {
    const request = make({ verb: 'stats', group: '' }, ({ message }) => message)
    request.answer(reply('one'), false)
    expect([request.settled, request.answered]).toEqual([false, 0])
    request.answer(reply('two'), true)
    expect(await request.result).toBe('two')
  })

  it('may be written again as often as it was allowed, unless it is settled', async () => {
    const request = make([get('a'), get('b')], ({ message }) => message, 1)
    request.answer(reply('A'), true)
    expect(request.takeRetry()).toBe(true)
    request.rewind()
    expect(request.answered).toBe(0)
    expect(request.takeRetry()).toBe(false)
    request.answer(reply('A'), true)
    request.answer(reply('B'), true)
    expect(await request.result).toBe('B')
    const settled = make(get('k'), () => undefined, 1)
    settled.fail(new Error('x'))
    await expect(settled.result).rejects.toThrow('x')
    expect(settled.takeRetry()).toBe(false)
  })
  it('says nothing of its key when its time is over', async () => {
    const request = make(get('a-private-key'), () => undefined)
    request.expire('a:1')
    await expect(request.result).rejects.not.toThrow('private')
    await expect(request.result).rejects.toThrow('a:1')
  })
})
