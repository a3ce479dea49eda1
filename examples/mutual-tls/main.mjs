// The server knows us by our certificate, and strangers not at all: node examples/mutual-tls/main.mjs
import { MemcachedClient } from '@memkeep/client'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

const server = await startMemcached('mutual-tls')
const { ca, cert, key } = server.clientTls // PEM, or { file } to have them reloaded when they are renewed

const client = new MemcachedClient({ servers: server.address, transport: tls({ ca, cert, key }) })
await client.set('greeting', 'hello, friend')
console.log('we read:', String(await client.get('greeting')))

const stranger = new MemcachedClient({ servers: server.address, transport: tls({ ca }) })
await stranger.get('greeting').catch(({ code }) => console.log('a stranger:', code))

await Promise.all([client.close(), stranger.close()])
await server.stop()
