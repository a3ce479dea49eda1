// SCRAM over TLS, and a password that changes while requests run: node examples/password-rotation/main.mjs
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemcachedClient } from '@memkeep/client'
import { sasl } from '@memkeep/sasl'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

// a server of the example's own; yours runs elsewhere, and its passwords come from where you keep secrets
const server = await startMemcached('tls+sasl', { mechanisms: ['scram-sha-256', 'plain'] })
const folder = await mkdtemp(join(tmpdir(), 'memkeep-example-'))
const file = join(folder, 'password')
async function install(password) {
  await writeFile(`${file}.new`, password, { mode: 0o600 }) // for nobody else to read, or it is refused
  await rename(`${file}.new`, file)
}
const { username, password } = server.credentials
await install(password)

const auth = sasl({
  username,
  password: { file },
  minimumStrength: 'SCRAM-SHA-256', // PLAIN, which the server offers too, is not taken
  watchInterval: 50, // milliseconds; 5,000 if you leave it out
})
auth.on('refused', ({ version, error }) => console.log(`version ${version}:`, error.code))

const client = new MemcachedClient({
  servers: `memcacheds://${server.address}`,
  transport: tls({ ca: server.pki.ca }),
  auth,
})
let failures = 0
let running = true
const load = Promise.all(
  Array.from({ length: 64 }, async (_, worker) => {
    while (running) await client.set(`key${worker}`, 'value').catch(() => failures++)
  }),
)
const inUse = () => auth.describe().connections.map(({ version }) => version)
async function until(version) {
  while (inUse().some((other) => other !== version)) await client.version()
  console.log('in use: version', version)
}
await client.version()
await until(1)

// first the server, then the services: connections that are open stay, and new ones say the new password
await server.replaceCredentials({ username, password: 'another one' })
await install('another one')
await until(2)

// a wrong one is refused, and what was in use goes on
const refused = once(auth, 'refused')
await install('a wrong one')
await refused
await client.set('key', 'value')

running = false
await load
console.log('failed requests:', failures)

await client.close()
auth.close()
await server.stop()
await rm(folder, { recursive: true })
