import { describe, expect, it } from 'vitest'
import { MADE_UP } from './fixtures/report.ts'
import { renderSvg } from './svg.ts'

describe('renderSvg', () => {
  const svg = renderSvg(MADE_UP)

  it('draws the smallest values at the highest concurrency', () => {
    expect(svg).toContain('values of 100 B, 256 at once')
    expect(svg).toContain('>654,321<')
    expect(svg).toContain('>543,210<')
    expect(svg).not.toContain('>60,000<')
  })

  it('has bars in proportion', () => {
    const widths = [...svg.matchAll(/<rect class="get"[^>]* width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    )
    expect(widths).toHaveLength(4)
    expect((widths[1] ?? 0) / (widths[0] ?? 0)).toBeCloseTo(654_321 / 900_000, 2)
  })

  it('names who has no rank, and leaves out who cannot run', () => {
    expect(svg).toContain('>wrong answers<')
    expect(svg).toContain('>hangs<')
    expect(svg).not.toContain('absent')
  })

  it('has colours for light and for dark', () => {
    expect(svg).toContain('@media (prefers-color-scheme: dark)')
  })

  it('refuses to draw nothing', () => {
    expect(() => renderSvg({ ...MADE_UP, workloads: [] })).toThrow(RangeError)
  })
})
