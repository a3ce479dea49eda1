// A user name and a password, by SCRAM where the server has it: node examples/sasl/main.mjs
import { MemcachedClient } from '@memkeep/client'
import { sasl } from '@memkeep/sasl'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

const server = await startMemcached('tls+sasl')
const transport = tls(server.clientTls)
const { username, password } = server.credentials

const client = new MemcachedClient({ servers: server.address, transport, auth: sasl({ username, password }) })
await client.set('greeting', 'hello, friend')
console.log('we read:', String(await client.get('greeting')))

const stranger = new MemcachedClient({ servers: server.address, transport, protocol: 'binary' })
await stranger.get('greeting').catch(({ code }) => console.log('a stranger:', code))

const wrong = new MemcachedClient({
  servers: server.address,
  transport,
  auth: sasl({ username, password: 'guessed' }),
})
await wrong.get('greeting').catch(({ code }) => console.log('a wrong password:', code))

await Promise.all([client.close(), stranger.close(), wrong.close()])
await server.stop()
