// A key that is rotated while requests run, without a miss: node examples/key-rotation/main.mjs
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { MemcachedClient } from '@memkeep/client'
import {
  distributeKey,
  encryption,
  generateKeyset,
  Keyring,
  promoteKey,
  retireKey,
} from '@memkeep/encryption'
import { startMemcached } from '@memkeep/testkit'

// a server and a file of the example's own; your file comes from where you keep secrets
const server = await startMemcached('plain')
const folder = await mkdtemp(join(tmpdir(), 'memkeep-key-rotation-'))
const file = join(folder, 'keyset.json')

/** As a secret is replaced: whole, and readable by its owner alone. */
async function deploy(keyset) {
  await writeFile(`${file}.new`, JSON.stringify(keyset), { mode: 0o600 })
  await rename(`${file}.new`, file)
}

let keyset = generateKeyset()
await deploy(keyset)
const keyring = Keyring.fromFile(file, { watchInterval: 20 })
const client = new MemcachedClient({
  servers: server.address,
  middleware: [encryption({ keyring, rewrap: true })], // what the old key sealed is stored anew when it is read
})

const keys = Array.from({ length: 50 }, (_, index) => `user:${index}`)
await Promise.all(keys.map((key) => client.set(key, key, { ttl: 300 })))

let [reads, misses, running] = [0, 0, true]
const load = (async () => {
  while (running) {
    const found = await client.getMany(keys)
    reads += keys.length
    misses += keys.length - found.size
    await setImmediate()
  }
})()

// 1. distribute: everyone can open with the new key, and nobody seals with it
keyset = distributeKey(keyset)
const fresh = keyset.keys.at(-1).id
await Promise.all([once(keyring, 'reload'), deploy(keyset)])
console.log('distributed:', keyring.ids.length, 'keys')

// 2. promote, once everyone has it: here that is at once, in a fleet as long as a deployment takes
keyset = promoteKey(keyset, fresh, { settle: 0 })
await Promise.all([once(keyring, 'reload'), deploy(keyset)])
console.log('promoted:', keyring.primaryId === fresh)

// 3. retire the old one, once its last value has ended; before that it is refused
const old = keyset.keys[0].id
try {
  keyset = retireKey({ ...keyset, nameKey: fresh }, old, { longestTtl: 300 })
} catch ({ code }) {
  console.log('retired too early:', code)
}

running = false
await load
console.log('reads:', reads > keys.length ? 'many' : reads, 'misses:', misses)

keyring.close()
await client.close()
await server.stop()
await rm(folder, { recursive: true })
