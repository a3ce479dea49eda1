// Keyv over hardened memcached: node examples/keyv/main.mjs
import { Keyv } from 'keyv'
import { encryption, Keyring } from '@memkeep/encryption'
import { createKeyv, KeyvMemcached } from '@memkeep/keyv'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

const server = await startMemcached('tls')
const hardening = {
  transport: tls(server.clientTls),
  middleware: [encryption({ keyring: Keyring.generate() })],
}

const store = new KeyvMemcached({ servers: server.address, ...hardening })
const users = new Keyv({ store, namespace: 'users', ttl: 60_000 })
users.on('error', (error) => console.error(error.message))

await users.set('ada', { name: 'Ada', photo: Buffer.from([1, 2, 3]) })
console.log('read back:', await users.get('ada'))

await users.setMany([
  { key: 'bob', value: 'Bob' },
  { key: 'a name of any form', value: 'Eve' },
])
console.log('many at once:', await users.getMany(['bob', 'nobody', 'a name of any form']))

// the same in one call, for another namespace: clear() empties one and leaves the other
const visits = createKeyv(server.address, { namespace: 'visits', ...hardening })
await visits.set('today', 1)
await users.clear()
console.log('cleared:', await users.get('ada'), 'and left alone:', await visits.get('today'))

await Promise.all([users.disconnect(), visits.disconnect()])
await server.stop()
