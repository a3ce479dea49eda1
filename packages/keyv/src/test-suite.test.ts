import keyvTestSuite from '@keyv/test-suite'
import { Keyv } from 'keyv'
import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import * as test from 'vitest'
import { KeyvMemcached } from './keyv-memcached.ts'

const server: MemcachedServer = await startMemcached('plain')
const stores: KeyvMemcached[] = []

test.afterAll(async () => {
  await Promise.all(stores.map((store) => store.disconnect()))
  await server.stop()
})

test.describe("Keyv 5's own suite", () => {
  keyvTestSuite(test, Keyv, () => {
    const store = new KeyvMemcached({ servers: server.address })
    stores.push(store)
    return store
  })
})
