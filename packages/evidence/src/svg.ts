/** Sizes in pixels: of a character cell, and of the frame around the text. */
const CELL = { width: 8.43, height: 19 } as const
const FRAME = 16

/** The SGR codes (ECMA-48, section 8.3.117) that the table uses, as SVG attributes; 22 and 39 end them. */
const STYLES: Readonly<Record<string, string>> = {
  '1': 'font-weight="bold" fill="#f0f6fc"',
  '2': 'fill="#8b949e"',
  '31': 'fill="#ff7b72"',
  '32': 'fill="#56d364"',
}

const SGR = new RegExp(`${String.fromCharCode(27)}\\[(\\d+)m`)

/** Draws coloured terminal text as a picture for a README. */
export function renderSvg(text: string): string {
  const lines = text.split('\n')
  const columns = Math.max(...lines.map((line) => line.replaceAll(new RegExp(SGR, 'g'), '').length))
  const width = Math.ceil(columns * CELL.width) + 2 * FRAME
  const height = lines.length * CELL.height + 2 * FRAME
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" width="${String(width)}" height="${String(height)}" role="img" aria-label="The table that npm start prints">`,
    '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#c9d1d9" xml:space="preserve">',
    ...lines.map((line, index) => drawLine(line, FRAME + (index + 0.75) * CELL.height)),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

/** One line, each run of one style at its own column, so that a reader's font cannot shift the columns. */
function drawLine(line: string, y: number): string {
  const [first = '', ...rest] = line.split(SGR)
  const runs: string[] = []
  let column = 0
  const draw = (text: string, style: string): void => {
    for (const { 0: word, index } of text.matchAll(/\S+( \S+)*/g)) {
      const x = FRAME + (column + index) * CELL.width
      const length = word.length * CELL.width
      runs.push(
        `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" textLength="${length.toFixed(1)}"${style}>${escape(word)}</text>`,
      )
    }
    column += text.length
  }
  draw(first, '')
  for (let at = 0; at < rest.length; at += 2) {
    const style = STYLES[rest[at] ?? '']
    draw(rest[at + 1] ?? '', style === undefined ? '' : ` ${style}`)
  }
  return runs.join('')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
