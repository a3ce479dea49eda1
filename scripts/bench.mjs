import { setUp } from './setup/index.mjs'

try {
  await setUp()
} catch (error) {
  console.error(error.message)
  process.exit(2)
}
const { main } = await import('@memkeep/bench')
process.exitCode = await main(process.argv.slice(2))
