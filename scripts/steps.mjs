import { quietNx } from './setup/nx.mjs'

/** The tests that need nothing but Node. A test among them that looks for memcached fails. */
export const UNIT_TESTS = {
  name: 'unit tests',
  command: nx('test'),
  env: () => ({ ...quietNx(), TEST_KIND: 'unit', MEMKEEP_MEMCACHED: '/no/memcached/in/unit/tests' }),
}

/** What `npm test` runs, in this order, after the build. The first failure ends it. */
export const STEPS = [
  { name: 'format', command: ['npx', 'prettier', '--check', '--log-level', 'warn', '.'], env: quietNx },
  { name: 'lint', command: nx('lint'), env: quietNx },
  { name: 'boundaries', command: ['npm', 'run', '--silent', 'boundaries'], env: quietNx },
  { name: 'types', command: nx('typecheck'), env: quietNx },
  { name: 'packaging', command: nx('packaging'), env: quietNx },
  UNIT_TESTS,
  { name: 'server tests', command: nx('test'), env: () => ({ ...quietNx(), TEST_KIND: 'server' }) },
  { name: 'evidence', command: ['npm', 'start', '--silent', '--', '--json'], env: quietNx },
]

function nx(target) {
  return ['npx', 'nx', 'run-many', '-t', target, '--output-style=static']
}
