import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** A process of the audit: has threads of its own seal values, and hands up every salt and counter that they used. */
process.once('message', async (tasks) => {
  const records = await Promise.all(
    tasks.map(async (workerData) => {
      const worker = new Worker(new URL('thread.mjs', import.meta.url), { workerData })
      const [message] = await once(worker, 'message')
      return message
    }),
  )
  process.send(records, () => process.disconnect())
})
