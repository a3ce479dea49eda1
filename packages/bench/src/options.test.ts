import { describe, expect, it } from 'vitest'
import { contestants } from './contestants/index.ts'
import { readOptions } from './options.ts'
import { FULL, QUICK } from './plan.ts'

const namesOf = (args: string[]): string[] => readOptions(args).plan.contestants.map(({ name }) => name)

describe('readOptions', () => {
  it('runs everything when nothing is said', () => {
    expect(readOptions([])).toEqual({
      help: false,
      subject: 'requests',
      json: undefined,
      svg: undefined,
      plan: { ...FULL, contestants },
    })
  })

  it('takes what it is told in place of what is quick', () => {
    expect(readOptions(['--quick']).plan).toEqual({ ...QUICK, contestants })
    expect(
      readOptions([
        '--quick',
        '--growth',
        '--sizes',
        '1,20',
        '--concurrency',
        '3',
        '--rounds',
        '4',
        '--slice',
        '5',
      ]).plan,
    ).toMatchObject({ growth: true, sizes: [1, 20], concurrency: [3], rounds: 4, slice: 5 })
    expect(readOptions(['--no-growth']).plan.growth).toBe(false)
  })

  it('chooses contestants by name, or by client', () => {
    expect(namesOf(['--only', 'memjs SASL'])).toEqual(['memjs SASL'])
    expect(namesOf(['--only', 'ceiling,memcached'])).toEqual([
      'ceiling plain',
      'ceiling TLS',
      'memcached plain',
    ])
    expect(namesOf(['--only', 'Memkeep'])).toHaveLength(6)
  })

  it('measures handshakes alone, in as many rounds of such slices as it is told', () => {
    const { subject, plan, json } = readOptions(['handshakes', '--rounds', '2', '--slice', '7', '--json'])
    expect({ subject, json }).toEqual({ subject: 'handshakes', json: '-' })
    expect(plan).toMatchObject({ rounds: 2, slice: 7 })
  })

  it('knows JSON in place of the table from JSON in a file', () => {
    expect(readOptions(['--json']).json).toBe('-')
    expect(readOptions(['--json', '--quick']).json).toBe('-')
    expect(readOptions(['--json', 'a.json', '--quick']).json).toBe('a.json')
  })

  it.each([
    [['--only', 'nobody'], 'nobody'],
    [['--sizes', '0'], '--sizes'],
    [['--rounds', 'many'], '--rounds'],
    [['--concurrency', '1.5'], '--concurrency'],
    [['--qick'], '--qick'],
    [['handshakes', '--sizes', '100'], '--sizes'],
    [['handshakes', '--no-growth'], '--growth'],
    [['encryption', '--svg', 'a.svg'], '--svg'],
    [['handshake'], 'handshake'],
    [['handshakes', 'encryption'], 'encryption'],
  ])('refuses %j', (args, named) => {
    expect(() => readOptions(args)).toThrow(named)
  })
})

describe('the contestants', () => {
  it('have names of their own', () => {
    expect(new Set(contestants.map(({ name }) => name)).size).toBe(contestants.length)
  })
})
