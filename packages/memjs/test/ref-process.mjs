// forked by src/ref.test.ts; runs the built package
import { HardenedMemjsClient } from '@memkeep/memjs'
import { stayIdle } from '@memkeep/testkit'

await stayIdle((server) => {
  const client = HardenedMemjsClient.create(server)
  return {
    ask: () => client.set('ref', 'x', {}),
    ref: () => client.ref(),
    unref: () => client.unref(),
    close: () => client.close(),
  }
})
