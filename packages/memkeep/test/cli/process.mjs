// A command on a real process, with commands that wait and that never stop talking; for main.test.ts
import { once } from 'node:events'
import process from 'node:process'
import { main } from 'memkeep/internal'

const LINE = `${'x'.repeat(10_000)}\n`

const examples = [{ line: 'memkeep wait', does: 'waits' }]
const about = { summary: '', description: '', examples }
const commands = [
  {
    ...about,
    name: 'wait',
    async run({ output, signal }) {
      output.note('waiting')
      // what a server or a timer of the command's would be
      const timer = setInterval(() => undefined, 1_000)
      await once(signal, 'abort')
      clearInterval(timer)
      signal.throwIfAborted()
    },
  },
  {
    ...about,
    name: 'talk',
    async run({ stdout }) {
      for (let line = 0; line < 1_000; line++) {
        if (!stdout.write(LINE) && !stdout.destroyed) await new Promise((resolve) => setImmediate(resolve))
      }
      return 1
    },
  },
  {
    ...about,
    name: 'deaf',
    async run({ output }) {
      output.note('waiting')
      await new Promise((resolve) => setTimeout(resolve, 600_000))
    },
  },
]

process.exitCode = await main(process.argv.slice(2), commands)
