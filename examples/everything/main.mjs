// All three layers under cache-manager: node examples/everything/main.mjs
import { createCache } from 'cache-manager'
import { Keyv } from 'keyv'
import { encryption, Keyring } from '@memkeep/encryption'
import { KeyvMemcached } from '@memkeep/keyv'
import { sasl } from '@memkeep/sasl'
import { tls } from '@memkeep/tls'
import { startMemcached } from '@memkeep/testkit'

// a server of the example's own, with mutual TLS and SASL; yours runs elsewhere
const server = await startMemcached('mutual-tls+sasl')

const hardening = {
  transport: tls(server.clientTls), // { ca, cert, key }: nobody reads or changes what crosses the network
  auth: sasl(server.credentials), // { username, password }: nobody else may use the server
  middleware: [encryption({ keyring: Keyring.generate() })], // the server itself sees ciphertext only
}
const store = new KeyvMemcached({ servers: server.address, ...hardening })
const cache = createCache({ stores: [new Keyv({ store })] })

await cache.set('user:1', { name: 'Ada' }, 60_000) // milliseconds, as cache-manager counts
console.log('read back:', await cache.get('user:1'))

const greeting = await cache.wrap('greeting', () => 'computed once', 60_000)
console.log('wrapped:', greeting, '/', await cache.wrap('greeting', () => 'computed twice', 60_000))

await cache.del('user:1')
console.log('deleted:', await cache.get('user:1'))

await cache.disconnect()
await server.stop()
