import { createRequire } from 'node:module'
import { MemkeepError } from '@memkeep/core'
import { expect, test } from 'vitest'
import { loadSodiumAead } from './index.ts'

test('without sodium-native, xchacha20-poly1305 is unavailable, and told how to be had', () => {
  // where no package is installed: the root of the file system
  const fault = loadSodiumAead(createRequire('/nowhere.js'))
  expect(fault).toBeInstanceOf(MemkeepError)
  expect(fault).toMatchObject({
    code: 'ERR_MEMKEEP_ALGORITHM_UNAVAILABLE',
    message: expect.stringContaining('npm install sodium-native') as string,
    cause: { code: 'MODULE_NOT_FOUND' },
  })
})
