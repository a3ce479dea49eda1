// Nobody on the network reads or changes what is sent: node examples/tls/main.mjs
import { MemcachedClient } from '@memkeep/client'
import { startMemcached, startRelay } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

// a server of the example's own, and somebody who keeps every byte that crosses the network to it
const server = await startMemcached('tls')
const eavesdropper = await startRelay(server)

const { ca } = server.clientTls // the authority that signed the server's certificate, as PEM or { file }
const client = new MemcachedClient({
  servers: `memcacheds://${eavesdropper.address}`,
  transport: tls({ ca }),
})

await client.set('greeting', 'hello over TLS', { ttl: 60 })
console.log('we read:', String(await client.get('greeting')))
console.log('the eavesdropper saw it:', eavesdropper.saw('hello over TLS'))

// an authority that we do not know: nothing is sent
const trusting = new MemcachedClient({ servers: server.address, transport: tls() })
await trusting.get('greeting').catch(({ code }) => console.log('an unknown authority:', code))

await Promise.all([client.close(), trusting.close(), eavesdropper.close()])
await server.stop()
