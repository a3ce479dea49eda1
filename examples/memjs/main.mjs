// memjs with the layers below: node examples/memjs/main.mjs
import { encryption, Keyring } from '@memkeep/encryption'
import { HardenedMemjsClient } from '@memkeep/memjs'
import { sasl } from '@memkeep/sasl'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

const server = await startMemcached('mutual-tls+sasl')

const client = HardenedMemjsClient.create(server.address, {
  transport: tls(server.clientTls),
  auth: sasl(server.credentials),
  middleware: [encryption({ keyring: Keyring.generate() })],
})

console.log('stored:', await client.set('greeting', 'hello', { expires: 60 }))
console.log('read back:', String((await client.get('greeting')).value))
console.log('absent:', (await client.get('absent')).value)

client.close()
await server.stop()
