// Values that only your services can read, on a server that anybody can: node examples/encryption/main.mjs
import { subscribe } from 'node:diagnostics_channel'
import { MemcachedClient } from '@memkeep/client'
import { encryption, Keyring } from '@memkeep/encryption'
import { startMemcached } from '@memkeep/testkit'

// a server of the example's own; yours runs elsewhere
const server = await startMemcached('plain')

subscribe('memkeep:encryption:failure', ({ code }) => console.log('told:', code))

// in a service: Keyring.fromEnv(), which reads MEMKEEP_KEYS
const layer = encryption({ keyring: Keyring.generate(), context: 'shop', keyNames: 'hmac', bindExpiry: true })
const client = new MemcachedClient({ servers: server.address, middleware: [layer] })
const stranger = new MemcachedClient({ servers: server.address })

await client.set('user:ada@example.org', 'her address', { ttl: 300 })
await client.set('user:bob@example.org', 'his address', { ttl: 300 })
console.log('we read:', String(await client.get('user:ada@example.org')))

// who has the server sees neither names nor values, and cannot put one in another's place
const [ada, bob] = ['user:ada@example.org', 'user:bob@example.org'].map((key) => layer.mapKey(key))
console.log('a stranger finds the name:', await stranger.get('user:ada@example.org'))
console.log('or reads the value:', (await stranger.get(ada)).includes('address'))
await stranger.set(ada, await stranger.get(bob))
console.log('a swapped value:', await client.get('user:ada@example.org'))

// do all services that share this cache have keys that fit?
console.log('keys fit:', (await layer.verifyPeers(client)).agreed)

await Promise.all([client.close(), stranger.close()])
await server.stop()
