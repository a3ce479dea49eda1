import { describe, expect, test } from 'vitest'
import { found, isOneMachine, type CurableRule } from './found.ts'

const RULE: CurableRule = { id: 'a-rule', area: 'data', severity: 'high', title: 't', why: 'w', cure: 'c' }

test('a finding is its rule with the server and what is particular', () => {
  const evidence = [{ sent: 'a', received: 'b' }]
  expect(found({ server: 's:1' }, RULE, { detail: 'd', evidence })).toEqual({
    ...RULE,
    server: 's:1',
    detail: 'd',
    evidence,
  })
  expect(found({ server: 's:1' }, RULE, { severity: 'low' })).toMatchObject({ severity: 'low', detail: '' })
})

describe('one machine', () => {
  const asked = (host: string, address: string | undefined, inter: string | undefined): Promise<boolean> =>
    isOneMachine({
      endpoint: { host, port: 11211 },
      address,
      readSettings: () =>
        Promise.resolve(
          inter === undefined ? undefined : { toldTo: 'stranger', values: new Map([['inter', inter]]) },
        ),
    })

  test.each([
    ['127.0.0.1', '127.0.0.1', undefined],
    ['localhost', '::1', '127.0.0.1'],
    ['127.0.0.1', '127.0.0.1', '127.0.0.1:11211,[::1]:11211,::1'],
    ['127.0.0.1', '127.0.0.1', 'notls:127.0.0.1:11211, localhost'],
  ])('is all that reaches %s (%s) that listens on %s', async (host, address, inter) => {
    expect(await asked(host, address, inter)).toBe(true)
  })

  test.each([
    ['10.0.0.5', '10.0.0.5', undefined],
    ['localhost', '10.0.0.5', undefined],
    // by loopback, but it listens elsewhere too: everywhere, or on a network
    ['127.0.0.1', '127.0.0.1', 'NULL'],
    ['127.0.0.1', '127.0.0.1', ''],
    ['127.0.0.1', '127.0.0.1', '0.0.0.0'],
    ['127.0.0.1', '127.0.0.1', '127.0.0.1,10.0.0.5:11211'],
    ['::1', '::1', '[::]:11211'],
  ])('is not all that reaches %s (%s) that listens on %s', async (host, address, inter) => {
    expect(await asked(host, address, inter)).toBe(false)
  })

  test('is all that reaches a Unix socket', async () => {
    const readSettings = (): Promise<undefined> => Promise.resolve(undefined)
    expect(await isOneMachine({ endpoint: { path: '/s' }, address: undefined, readSettings })).toBe(true)
  })
})
