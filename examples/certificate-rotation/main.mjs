// Mutual TLS whose certificate is renewed while requests run: node examples/certificate-rotation/main.mjs
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemcachedClient } from '@memkeep/client'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

// a server and an authority of the example's own; yours run elsewhere, and put their files where your service reads them
const server = await startMemcached('mutual-tls')
const folder = await mkdtemp(join(tmpdir(), 'memkeep-example-'))
const file = (name) => join(folder, name)
async function install({ cert, key }) {
  for (const [name, content] of [
    ['client.key', key],
    ['client.pem', cert],
  ]) {
    await writeFile(file(`${name}.new`), content, { mode: 0o600 })
    await rename(file(`${name}.new`), file(name)) // whole, or not at all
  }
}
await writeFile(file('ca.pem'), server.pki.ca)
await install(server.pki.client)

const transport = tls({
  ca: { file: file('ca.pem') },
  cert: { file: file('client.pem') },
  key: { file: file('client.key') },
  watchInterval: 50, // milliseconds; 5,000 if you leave it out
})
transport.on('reloadFailed', ({ code }) => console.log('not yet:', code)) // a new key beside the old certificate
transport.on('reload', ({ certificate }) => console.log('in use from now on:', certificate.subject))
transport.on('expiry', ({ certificate, daysLeft }) =>
  console.log(certificate.subject, 'ends in days:', daysLeft),
)

const client = new MemcachedClient({ servers: `memcacheds://${server.address}`, transport })
let requests = 0
let failures = 0
let running = true
const load = Promise.all(
  Array.from({ length: 64 }, async (_, worker) => {
    while (running) {
      await client.set(`key${worker}`, 'value').catch(() => failures++)
      requests++
    }
  }),
)

console.log('shows:', transport.describe().own.subject)

await install(await server.pki.issueClient({ commonName: 'service-renewed' }))
await once(transport, 'reload')
while (transport.describe().connections.some(({ retiring }) => retiring)) await client.version()

running = false
await load
const { own, connections } = transport.describe()
console.log('shows:', own.subject, 'on connections:', connections.length)
console.log('requests:', requests > 0 ? 'many' : 'none', 'failed:', failures)

await client.close()
transport.close()
await server.stop()
await rm(folder, { recursive: true })
