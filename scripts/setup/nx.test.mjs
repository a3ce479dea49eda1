import { describe, expect, it } from 'vitest'
import { quietNx } from './nx.mjs'

describe('quietNx', () => {
  it.each(['1', 'true', 'yes'])('runs everything for real with CI=%s', (CI) => {
    expect(quietNx({ CI })).toMatchObject({ CI, NX_SKIP_NX_CACHE: 'true' })
  })

  it.each([undefined, '', '0', 'false'])('may replay results with CI=%s', (CI) => {
    expect(quietNx({ CI })).not.toHaveProperty('NX_SKIP_NX_CACHE')
  })

  it('keeps what the caller has set', () => {
    expect(quietNx({ NX_SKIP_NX_CACHE: 'true', PATH: '/bin' })).toMatchObject({
      NX_SKIP_NX_CACHE: 'true',
      PATH: '/bin',
    })
  })
})
