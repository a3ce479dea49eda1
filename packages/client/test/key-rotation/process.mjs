import { setImmediate } from 'node:timers/promises'
import { subscribe } from 'node:diagnostics_channel'
import { MemcachedClient } from '@memkeep/client'
import { encryption, Keyring } from '@memkeep/encryption'

/**
 * A service among several that share a cache: reads and writes the same keys as the others without a pause, with the
 * keys of a file that it follows, and reports when it is asked.
 */
process.once('message', async ({ file, server, keys, writes }) => {
  const keyring = Keyring.fromFile(file, { watchInterval: 10 })
  const client = new MemcachedClient({
    servers: server,
    middleware: [encryption({ keyring, context: 'fleet', rewrap: true })],
  })
  const counts = { reads: 0, misses: 0, garbage: 0, errors: [], failures: {} }
  subscribe('memkeep:encryption:failure', ({ code }) => {
    counts.failures[code] = (counts.failures[code] ?? 0) + 1
  })
  let running = true
  process.on('message', async (request) => {
    if (request === 'stop') {
      running = false
      await working
      await client.close()
      keyring.close()
      process.send({ ids: keyring.ids, ...counts }, () => process.disconnect())
    } else process.send({ ids: keyring.ids, ...counts })
  })

  const work = async (worker) => {
    for (let round = worker; running; round += 7) {
      const key = keys[round % keys.length]
      try {
        if (writes && round % 3 === 0) await client.set(key, `value of ${key}`, { ttl: 600 })
        const value = await client.get(key)
        counts.reads++
        if (value === undefined) counts.misses++
        else if (value.toString() !== `value of ${key}`) counts.garbage++
      } catch (error) {
        counts.errors.push(String(error))
        return
      }
      // the file has to be looked at as well
      if (round % 50 === 0) await setImmediate()
    }
  }
  const working = Promise.all(Array.from({ length: 16 }, (_, worker) => work(worker)))
  process.send('ready')
})
