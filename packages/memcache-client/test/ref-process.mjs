// forked by src/ref.test.ts; runs the built package
import { HardenedMemcacheClient } from '@memkeep/memcache-client'
import { stayIdle } from '@memkeep/testkit'

await stayIdle((server) => {
  const client = new HardenedMemcacheClient({ server, cmdTimeout: 200 })
  return {
    ask: () => client.set('ref', 'x'),
    ref: () => client.ref(),
    unref: () => client.unref(),
    close: () => client.shutdown(),
  }
})
