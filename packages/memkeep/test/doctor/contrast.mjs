/* global document, getComputedStyle, NodeFilter */

/**
 * Text of the page that stands out from its background by less than WCAG 2.2 asks for (success criterion 1.4.3), as
 * `ratio text`. Runs in the page: it knows nothing of what is outside of it.
 */
export function findFaintText() {
  const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (color) => {
    const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const backgroundOf = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one)
      if ((channels(backgroundColor)[3] ?? 1) > 0) return backgroundColor
    }
    return 'rgb(255, 255, 255)'
  }
  const faint = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node.textContent?.trim() ?? ''
    const parent = node.parentElement
    if (text === '' || parent === null) continue
    const lights = [getComputedStyle(parent).color, backgroundOf(parent)].map(luminance)
    const ratio = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05)
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${text}`)
  }
  return faint
}
