// A value that Node sealed, opened by a reader in Python: node examples/python-reader/main.mjs
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { MemcachedClient } from '@memkeep/client'
import { ENVELOPE_ALGORITHMS, encryption, Keyring } from '@memkeep/encryption'
import { startMemcached } from '@memkeep/testkit'

const path = (name) => fileURLToPath(new URL(name, import.meta.url))
const python = (script, ...args) =>
  execFileSync('python3', [path(script), ...args], {
    encoding: 'utf8',
    env: { ...process.env, MEMKEEP_KEYS: keyring.exportText(), PYTHONDONTWRITEBYTECODE: '1' },
  }).trim()

// a server of the example's own; yours runs elsewhere, and your keys are in a secret store
const server = await startMemcached('plain')
const keyring = Keyring.generate()

for (const algorithm of ENVELOPE_ALGORITHMS) {
  const client = new MemcachedClient({
    servers: server.address,
    middleware: [encryption({ keyring, context: 'shop', algorithm, pad: 'padme', bindExpiry: true })],
  })
  await client.set('greeting', `Hello from Node, by ${algorithm}`, { ttl: 60 })
  await client.close()
  console.log('Python reads:', python('reader.py', server.host, String(server.port), 'greeting', 'shop'))
}

// and every published test vector
console.log(python('check_vectors.py', path('../../packages/encryption/vectors/envelope-v1.json')))

await server.stop()
