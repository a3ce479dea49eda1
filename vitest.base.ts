import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { findTests } from './vitest.files.ts'

/** `unit` runs the tests that need nothing but Node, `server` those that start memcached or other programs. */
const { TEST_KIND: kind } = process.env

/** Milliseconds after which a test or a hook hangs: far more than any takes on a loaded machine. */
const HANGS_AFTER = 600_000

/** Every package's tests: on sources through the `@memkeep/source` condition, real servers. */
const config: ViteUserConfig = defineConfig({
  ssr: { resolve: { conditions: ['@memkeep/source', 'node'] } },
  test: {
    include:
      kind === 'unit' || kind === 'server' ? [...findTests(process.cwd())[kind]] : ['**/*.test.{ts,mjs}'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    passWithNoTests: kind !== undefined,
    pool: 'forks',
    testTimeout: HANGS_AFTER,
    hookTimeout: HANGS_AFTER,
  },
})

export default config
