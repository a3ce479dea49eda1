import { afterEach, describe, expect, it, vi } from 'vitest'
import { main } from './main.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('main', () => {
  it('helps', async () => {
    const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    expect(await main(['--help'])).toBe(0)
    expect(out.mock.calls.join('')).toMatch(/^npm run bench/)
  })

  it('refuses what it does not know with exit code 2', async () => {
    const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(await main(['--qick'])).toBe(2)
    expect(err.mock.calls.join('')).toContain('--qick')
  })
})
