// cache-manager over hardened memcached, in one call: node examples/cache-manager/main.mjs
import { createMemcachedCache } from '@memkeep/cache-manager'
import { sasl } from '@memkeep/sasl'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

const server = await startMemcached('tls+sasl')

const cache = createMemcachedCache({
  servers: server.address,
  transport: tls(server.clientTls),
  auth: sasl(server.credentials),
  ttl: 60_000,
  onError: ({ code }) => console.log('told:', code),
})

// many ask at the same time, and one computes
let computed = 0
const load = async () => ({ name: 'Ada', computed: ++computed })
const users = await Promise.all(Array.from({ length: 1_000 }, () => cache.wrap('user:1', load)))
console.log('asked:', users.length, 'computed:', computed)
console.log('read back:', await cache.get('user:1'))

await cache.del('user:1')
console.log('deleted:', await cache.get('user:1'))

// a cache that is down is an empty one: the service goes on
await server.stop()
console.log('without its server:', await cache.wrap('user:1', load))

await cache.disconnect()
