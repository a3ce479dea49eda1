import { readFile } from 'node:fs/promises'
import { partsOf, type Posture } from '../posture.ts'
import { PROMISES } from './promises.ts'

const START = '<!-- contract -->'
const END = '<!-- /contract -->'

/** The promises that were kept, by posture. */
export type Kept = ReadonlyMap<Posture, ReadonlySet<string>>

/** What a run showed, as a table in Markdown: kept, or nothing to keep there. */
export function tableOf(kept: Kept): string {
  const postures = [...kept.keys()]
  const rows = PROMISES.map(({ name, applies }) => [
    name,
    ...postures.map((posture) =>
      kept.get(posture)?.has(name) === true ? 'yes' : applies?.(partsOf(posture)) === false ? '–' : '**no**',
    ),
  ])
  return [['', ...postures], ['---', ...postures.map(() => '---')], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

/** @throws Error with the table, when the file says something else */
export async function checkReadme(readme: URL, table: string): Promise<void> {
  const text = await readFile(readme, 'utf8')
  const said = text.slice(text.indexOf(START) + START.length, text.indexOf(END))
  if (text.includes(START) && text.includes(END) && bare(said) === bare(table)) return
  throw new Error(
    `The README does not say what this run showed. Put this between ${START} and ${END}:\n\n${table}\n`,
  )
}

/** Without what formatters change. */
function bare(table: string): string {
  return table
    .replaceAll(/ +|-{3,}/g, ' ')
    .replaceAll(/ +/g, ' ')
    .trim()
}
