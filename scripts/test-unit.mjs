import { setUp } from './setup/index.mjs'
import { run } from './setup/run.mjs'
import { UNIT_TESTS } from './steps.mjs'

/** What `npm run test:unit` runs: the tests that need nothing but Node. */
try {
  await setUp({ system: false })
  const [program, ...args] = UNIT_TESTS.command
  run(program, args, { env: UNIT_TESTS.env() })
} catch (error) {
  console.error(`\n${error.message}`)
  process.exitCode = 1
}
