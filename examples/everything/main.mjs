// All three layers under cache-manager: node examples/everything/main.mjs
import { createMemcachedCache } from '@memkeep/cache-manager'
import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

// a server of the example's own, with mutual TLS and SASL; yours runs elsewhere
const server = await startMemcached('mutual-tls+sasl')

const cache = createMemcachedCache({
  servers: server.address,
  transport: tls(server.clientTls), // { ca, cert, key }: nobody reads or changes what crosses the network
  auth: sasl(server.credentials), // { username, password }: nobody else may use the server
  middleware: [encryption({ keyring: Keyring.generate() })], // the server itself sees ciphertext only
})

await cache.set('user:1', { name: 'Ada' }, 60_000) // milliseconds, as cache-manager counts
console.log('read back:', await cache.get('user:1'))

const greeting = await cache.wrap('greeting', () => 'computed once', 60_000)
console.log('wrapped:', greeting, '/', await cache.wrap('greeting', () => 'computed twice', 60_000))

await cache.del('user:1')
console.log('deleted:', await cache.get('user:1'))

await cache.disconnect()
await server.stop()
