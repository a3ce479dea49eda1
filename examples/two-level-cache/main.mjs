// A first level in memory before memcached: node examples/two-level-cache/main.mjs
import { createMemcachedCache } from '@memkeep/cache-manager'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

const server = await startMemcached('tls')
const options = { servers: server.address, transport: tls(server.clientTls), ttl: 60_000 }

// two processes would each have one of these; what one changes the other sees after memory.ttl at the latest
const here = createMemcachedCache({ ...options, memory: { max: 1_000, ttl: 2_000 } })
const there = createMemcachedCache(options)

await here.set('price', 10)
await there.set('price', 12)
console.log('from memory:', await here.get('price'))

while ((await here.get('price')) !== 12) await new Promise((resolve) => setTimeout(resolve, 10))
console.log('from memcached, after memory.ttl:', await here.get('price'))

await Promise.all([here.disconnect(), there.disconnect()])
await server.stop()
