// memcache-client with the layers below: node examples/memcache-client/main.mjs
import { encryption, Keyring } from '@memkeep/encryption'
import { HardenedMemcacheClient } from '@memkeep/memcache-client'
import { sasl } from '@memkeep/sasl'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

const server = await startMemcached('mutual-tls+sasl')

const client = new HardenedMemcacheClient({
  server: server.address,
  transport: tls(server.clientTls),
  auth: sasl(server.credentials),
  middleware: [encryption({ keyring: Keyring.generate() })],
})

console.log('stored:', await client.set('user:1', { name: 'Ada' }, { lifetime: 60 }))
console.log('read back:', (await client.get('user:1')).value)

// the original sends this as two commands
const crafted = 'x\r\nflush_all'
await client.get(crafted).catch(({ code }) => console.log('a crafted key:', code))
console.log('still there:', (await client.get('user:1')).value)

client.shutdown()
await server.stop()
