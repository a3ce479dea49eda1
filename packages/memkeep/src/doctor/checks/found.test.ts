import { chmod } from 'node:fs/promises'
import { dirname } from 'node:path'
import { startMemcached } from '@memkeep/testkit'
import { describe, expect, test } from 'vitest'
import { found, strangersOf, type CurableRule, type Strangers } from './found.ts'

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

describe('strangers', () => {
  const asked = (host: string, address: string | undefined, inter: string | undefined): Promise<Strangers> =>
    strangersOf({
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
  ])('are of one machine: %s (%s) that listens on %s', async (host, address, inter) => {
    expect(await asked(host, address, inter)).toBe('of-one-machine')
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
  ])('are any: %s (%s) that listens on %s', async (host, address, inter) => {
    expect(await asked(host, address, inter)).toBe('any')
  })

  const readSettings = (): Promise<undefined> => Promise.resolve(undefined)

  test('are of one machine where who may open a Unix socket is not known', async () => {
    const endpoint = { path: '/there-is-no/socket' }
    expect(await strangersOf({ endpoint, address: undefined, readSettings })).toBe('of-one-machine')
  })

  test('are those that a folder lets near, and all of the machine when it is opened', async () => {
    await using server = await startMemcached('plain', { unixSocket: true, args: ['-a', '0777'] })
    const path = server.path ?? ''
    const ask = (): Promise<Strangers> =>
      strangersOf({ endpoint: { path }, address: undefined, readSettings })
    expect(await ask()).toBe('let-near')
    await chmod(dirname(path), 0o711)
    expect(await ask()).toBe('of-one-machine')
  })
})
