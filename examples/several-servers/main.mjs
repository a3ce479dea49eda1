// The raw client over a ring of servers, one of which goes down: node examples/several-servers/main.mjs
import { subscribe } from 'node:diagnostics_channel'
import { CHANNEL_NAMES, MemcachedClient } from '@memkeep/client'
import { startMemcached } from '@memkeep/testkit'

// servers of the example's own; yours run elsewhere
const servers = await Promise.all([startMemcached('plain'), startMemcached('plain'), startMemcached('plain')])

subscribe(CHANNEL_NAMES.eject, () => console.log('a server was ejected'))

const client = new MemcachedClient({
  servers: servers.map(({ address }) => address), // as php-memcached and pylibmc share keys out, if they name them alike
  onServerDown: 'rehash', // the keys of a server that is down go to the others, until it is back
  ejectAfter: 1,
  namespace: 'shop',
})

const prices = Array.from({ length: 100 }, (_, article) => [`article:${article}`, `${article}.99`])
await Promise.all(prices.map(([key, price]) => client.set(key, price, { ttl: 300 })))
const keys = prices.map(([key]) => key)
console.log('read back:', (await client.getMany(keys)).size)

// compare and swap: stored only if nobody changed it since it was read
const { value, cas } = await client.gets('article:7')
console.log('raised:', await client.cas('article:7', String(Number(value) + 1), cas))
console.log('and not twice:', await client.cas('article:7', '0', cas))

console.log('visits:', await client.increment('visits', { initial: 1 }), await client.increment('visits'))

// one server goes: its keys are missed once, and stored elsewhere; no call fails
await servers[0].stop()
const whileDown = await client.getMany(keys)
console.log('some are missed:', whileDown.size < keys.length)
console.log('failed:', whileDown.faults.length)
await Promise.all(prices.map(([key, price]) => client.set(key, price, { ttl: 300 })))
console.log('read back:', (await client.getMany(keys)).size)

await client.close()
await Promise.all(servers.map((server) => server.stop()))
