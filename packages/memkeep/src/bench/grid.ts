import Table from 'cli-table3'
import type pc from 'picocolors'

/** The colours of a terminal, or none. */
export type Colors = ReturnType<typeof pc.createColors>

/** Columns apart by room alone, so that the table fits a terminal. */
const BORDERLESS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat('middle')
    .map((part) => [part, '']),
)

/** A table without lines. */
export function makeTable(): Table.Table {
  return new Table({
    chars: BORDERLESS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  })
}

/** Its text, without spaces at the ends of lines. */
export function printTable(table: Table.Table): string {
  return table.toString().replaceAll(/ +$/gm, '')
}

/** A whole number with its thousands apart. */
export function group(number: number): string {
  return Math.round(number).toLocaleString('en-US')
}
