import { setUp } from './setup/index.mjs'
import { run } from './setup/run.mjs'
import { STEPS } from './steps.mjs'

let passed = 0
try {
  await setUp({ browser: true })
  for (const { name, command, env } of STEPS) {
    console.log(`\n--- ${name}`)
    const [program, ...args] = command
    run(program, args, { env: env() })
    passed++
  }
  console.log(`\n${passed} passed, 0 failed`)
} catch (error) {
  console.error(`\n${error.message}\n${passed} passed, 1 failed`)
  process.exitCode = 1
}
