// A user name and a password in memcached's text protocol (memcached -Y): node examples/ascii-auth/main.mjs
import { MemcachedClient } from '@memkeep/client'
import { asciiAuth } from '@memkeep/sasl'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

const server = await startMemcached('tls+ascii-auth')
const transport = tls(server.clientTls)

const client = new MemcachedClient({
  servers: server.address,
  transport,
  auth: asciiAuth(server.credentials),
})
await client.set('greeting', 'hello, friend')
console.log('we read:', String(await client.get('greeting')))

const stranger = new MemcachedClient({ servers: server.address, transport })
await stranger.get('greeting').catch(({ code }) => console.log('a stranger:', code))

// a server that asks nobody for a password is not told one: it would store it for all to read
const open = await startMemcached('plain')
const careless = new MemcachedClient({ servers: open.address, auth: asciiAuth(server.credentials) })
await careless.get('greeting').catch(({ code }) => console.log('an open server:', code))

await Promise.all([client.close(), stranger.close(), careless.close()])
await Promise.all([server.stop(), open.stop()])
