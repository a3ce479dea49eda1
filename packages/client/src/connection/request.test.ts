import { describe, expect, it } from 'vitest'
import type { Command } from '../protocol/command.ts'
import { Reply } from '../protocol/reply.ts'
import { Request, type Take } from './request.ts'

const get = (key: string): Command => ({ verb: 'get', key, withCas: false, exptime: undefined })

function make(commands: Command | readonly Command[], take: Take<unknown>, retries = 0): Request {
  return new Request({ commands, take }, { timeout: 100, now: 1_000, retries })
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
})
