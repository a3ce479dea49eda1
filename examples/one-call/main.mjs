// Every layer in one call, from a URI, from variables and from options: node examples/one-call/main.mjs
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemcachedCache } from '@memkeep/cache-manager'
import { startMemcached } from '@memkeep/testkit'
import { connect, hardening, Keyring, MemcachedClient } from 'memkeep'

// a server of the example's own, with what you would be given for yours: an authority, a password, keys
const server = await startMemcached('tls+sasl')
const folder = await mkdtemp(join(tmpdir(), 'memkeep-example-'))
const [ca, keys] = [join(folder, 'ca.pem'), join(folder, 'keys')]
await writeFile(ca, server.clientTls.ca)
await writeFile(keys, Keyring.generate().exportText(), { mode: 0o600 })
const { username, password } = server.credentials

// a URI: for any adapter
const layers = hardening(
  `memcacheds://${username}:${encodeURIComponent(password)}@${server.address}?ca=${ca}&keys=${keys}`,
)
console.log(layers.describe())
const cache = createMemcachedCache({ ...layers, ttl: 60_000 })
await cache.set('user:1', { name: 'Ada' })
console.log('read back:', await cache.get('user:1'))
await cache.disconnect()
const sealing = new MemcachedClient(layers)
await sealing.set('address', 'her address')
await sealing.close()

// variables, and a client that is ready; those of the process are read by connect() alone
const env = {
  MEMKEEP_URI: `memcacheds://${server.address}`,
  MEMKEEP_CA: ca,
  MEMKEEP_USERNAME: username,
  MEMKEEP_PASSWORD: password,
}
const client = await connect({ env })
const stored = await client.get('address')
console.log('without keys:', stored.includes('her address') ? 'her address' : `${stored.length} sealed bytes`)
await client.close()

// options: those of each layer
const wrong = { servers: server.address, tls: { ca: { file: ca } }, sasl: { username, password: 'guessed' } }
await connect(wrong).catch(({ code }) => console.log('a wrong password:', code))

// what is misspelt, or would say the password to the network, is an error at once
for (const uri of ['memcacheds://cache1?cacert=ca.pem', `memcached://u:p@cache.example?auth=ascii`]) {
  try {
    hardening(uri)
  } catch ({ code, name }) {
    console.log(uri.slice(0, 12), code ?? name)
  }
}

await rm(folder, { recursive: true })
await server.stop()
