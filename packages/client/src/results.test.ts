import { describe, expect, it } from 'vitest'
import { Reply, type ReplyStatus } from './protocol/reply.ts'
import { statsTaker, takeCas, takeCount, takeDone, takeVersion } from './results.ts'

function reply(status: ReplyStatus, message = '', value?: string): Reply {
  const made = new Reply()
  made.reset(status, 0)
  made.message = message
  if (value !== undefined) made.setValue(Buffer.from(value), 0, value.length)
  return made
}

describe('what is made of replies', () => {
  it('is whether it was done', () => {
    expect(takeDone(reply('done'))).toBe(true)
    for (const status of ['not-found', 'not-stored', 'exists'] as const)
      expect(takeDone(reply(status))).toBe(false)
  })

  it('is how a compare and swap ended', () => {
    expect(takeCas(reply('done'))).toBe('stored')
    expect(takeCas(reply('exists'))).toBe('exists')
    expect(takeCas(reply('not-found'))).toBe('not-found')
  })

  it('is a count of 64 bits', () => {
    expect(takeCount(reply('value', '', '18446744073709551615'))).toBe(2n ** 64n - 1n)
    expect(takeCount(reply('value', '', '0'))).toBe(0n)
    // memcached leaves the length of a number that it counts down
    expect(takeCount(reply('value', '', '9  '))).toBe(9n)
    expect(takeCount(reply('not-found'))).toBeUndefined()
    for (const digits of ['', ' ', 'x', '-1', '+1', '1e3', '0x10', '1 2', '9'.repeat(21)]) {
      expect(() => takeCount(reply('value', '', digits))).toThrow(
        expect.objectContaining({ code: 'ERR_MEMKEEP_PROTOCOL' }),
      )
    }
  })

  it('is statistics by name, their values with spaces, and a version', () => {
    const take = statsTaker('settings')
    take(reply('stat', 'pid 12'))
    take(reply('stat', 'rusage a b'))
    expect([...take(reply('end'))]).toEqual([
      ['pid', '12'],
      ['rusage', 'a b'],
    ])
    expect(takeVersion(reply('version', '1.6.18'))).toBe('1.6.18')
  })

  it('is every statistic, whatever it is called or lacks, and no more than this call asked for', () => {
    const take = statsTaker('settings')
    for (const message of ['bare', 'empty ', '__proto__ x', 'pid 1', 'pid 2']) take(reply('stat', message))
    expect([...take(reply('end'))]).toEqual([
      ['bare', ''],
      ['empty', ''],
      ['__proto__', 'x'],
      ['pid', '2'],
    ])
    expect(statsTaker('settings')(reply('end')).size).toBe(0)
  })

  it.each([
    ['CLIENT_ERROR unauthenticated', 'ERR_MEMKEEP_AUTH_REQUIRED'],
    ['authentication error', 'ERR_MEMKEEP_AUTH_REQUIRED'],
    ['CLIENT_ERROR cannot increment or decrement non-numeric value', 'ERR_MEMKEEP_NOT_A_NUMBER'],
    ['Non-numeric server-side value for incr or decr', 'ERR_MEMKEEP_NOT_A_NUMBER'],
    ['SERVER_ERROR out of memory', 'ERR_MEMKEEP_OUT_OF_MEMORY'],
    ['Out of memory', 'ERR_MEMKEEP_OUT_OF_MEMORY'],
    ['SERVER_ERROR busy', 'ERR_MEMKEEP_SERVER_ERROR'],
  ])('is an error for "%s"', (message, code) => {
    for (const take of [takeDone, takeCas, takeCount, takeVersion, statsTaker('settings')])
      expect(() => take(reply('error', message))).toThrow(expect.objectContaining({ code }))
  })

  it('quotes control characters of what a server says', () => {
    const take = (): boolean => takeDone(reply('error', 'ERROR \x1b[2J\x07'))
    expect(take).toThrow('\\u001b[2J\\u0007')
    expect(take).not.toThrow('\x1b')
  })

  it('repeats of what a server says no more than a line', () => {
    expect(() => takeDone(reply('error', 'SERVER_ERROR '.padEnd(2_000, 'x')))).toThrow(/^.{1,160}$/)
  })
})
