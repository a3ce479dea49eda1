import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Every package's tests: on sources through the `@memkeep/source` condition, real servers. */
const config: ViteUserConfig = defineConfig({
  ssr: { resolve: { conditions: ['@memkeep/source', 'node'] } },
  test: {
    include: ['**/*.test.{ts,mjs}'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})

export default config
