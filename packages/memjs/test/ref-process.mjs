// forked by src/ref.test.ts; runs the built package
import { HardenedMemjsClient } from '@memkeep/memjs'

const [, , address, mode] = process.argv
// a process with nothing to wait for ends at once, also in the middle of a call
const work = setInterval(() => undefined, 1_000)
const client = HardenedMemjsClient.create(address)
await client.set('ref', 'x', {})
if (mode !== 'open') client.unref()
if (mode === 'ref again') client.ref()
await client.get('ref')
clearInterval(work)
process.send('idle', () => {
  if (mode === 'unref') return
  // fires only while something else keeps the process alive
  setTimeout(() => {
    process.send('alive', () => {
      client.close()
    })
  }, 500).unref()
})
