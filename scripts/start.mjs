import { setUp } from './setup/index.mjs'

try {
  await setUp()
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
const { main } = await import('@memkeep/evidence')
// `npm start --json` reaches a script as npm's own setting, `npm start -- --json` as an argument
const args = process.argv.slice(2)
if (process.env.npm_config_json === 'true' && !args.includes('--json')) args.push('--json')
process.exitCode = await main(args)
