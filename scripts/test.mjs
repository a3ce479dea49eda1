import { setUp, quietNx } from './setup/index.mjs'
import { run } from './setup/run.mjs'

/** What `npm test` runs, in this order, after the build. The first failure ends it. */
const STEPS = [
  { name: 'format', command: ['npx', 'prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'lint', command: nx('lint') },
  { name: 'boundaries', command: ['npm', 'run', '--silent', 'boundaries'] },
  { name: 'types', command: nx('typecheck') },
  { name: 'packaging', command: nx('packaging') },
  { name: 'tests', command: nx('test') },
  { name: 'evidence', command: ['npm', 'start', '--silent', '--', '--json'] },
]

function nx(target) {
  return ['npx', 'nx', 'run-many', '-t', target, '--output-style=static']
}

let passed = 0
try {
  await setUp({ browser: true })
  for (const { name, command } of STEPS) {
    console.log(`\n--- ${name}`)
    const [program, ...args] = command
    run(program, args, { env: quietNx() })
    passed++
  }
  console.log(`\n${passed} passed, 0 failed`)
} catch (error) {
  console.error(`\n${error.message}\n${passed} passed, 1 failed`)
  process.exitCode = 1
}
