import { describe, expect, it } from 'vitest'
import { renderSvg } from './svg.ts'

const ESC = String.fromCharCode(27)

describe('renderSvg', () => {
  const svg = renderSvg(`plain  ${ESC}[31mseen${ESC}[39m\n${ESC}[1ma < b & c${ESC}[22m`)

  it('puts every run of a style at its column, in its colour', () => {
    expect(svg).toMatch(/<text x="16\.0" y="\d+\.\d" textLength="[\d.]+">plain<\/text>/)
    expect(svg).toMatch(/<text x="75\.0" y="\d+\.\d" textLength="[\d.]+" fill="#ff7b72">seen<\/text>/)
  })

  it('escapes what XML would read', () => {
    expect(svg).toContain('a &lt; b &amp; c')
    expect(svg).not.toContain(ESC)
  })
})
