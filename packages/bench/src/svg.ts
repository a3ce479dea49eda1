import { group, nameSize, type Operation } from 'memkeep/internal/bench'
import { nameLayers } from './contestants/contestant.ts'
import type { Standing } from './ranking.ts'
import type { Participation, Report } from './report.ts'

/** Sizes in pixels. */
const WIDTH = 860
const LEFT = 250
const RIGHT = 90
const PAD = 20
const BAR = { height: 9, gap: 2 } as const
const ROW = 30
const HEADING = 34

/** Colours of both themes; an image follows the reader's, and brings its own ground. */
const STYLE = `
  .ground { fill: #ffffff; stroke: #d1d9e0 } text { fill: #1f2328 } .dim { fill: #59636e } .bad { fill: #d1242f }
  .memkeep .get { fill: #0969da } .memkeep .set { fill: #80b9f6 }
  .peer .get { fill: #818b98 } .peer .set { fill: #c4cbd3 }
  .ceiling .get { fill: #b08800 } .ceiling .set { fill: #e3c970 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #3d444d } text { fill: #f0f6fc } .dim { fill: #9198a1 } .bad { fill: #ff7b72 }
    .memkeep .get { fill: #4493f8 } .memkeep .set { fill: #1f4f8f }
    .peer .get { fill: #9198a1 } .peer .set { fill: #4f5761 }
    .ceiling .get { fill: #d29922 } .ceiling .set { fill: #70531a }
  }`

/** One contestant in the chart. */
interface Row {
  readonly contestant: Participation
  readonly get: Standing | undefined
  readonly set: Standing | undefined
}

/**
 * Draws get and set as bars, by layers: of the smallest values and the most requests at once that were measured.
 *
 * @throws RangeError when there is neither
 */
export function renderSvg(report: Report): string {
  const measured = report.workloads.map(({ workload }) => workload).filter(({ keys }) => keys === 1)
  if (measured.length === 0)
    throw new RangeError('There is nothing to draw: neither get nor set was measured.')
  const size = Math.min(...measured.map((workload) => workload.size))
  const concurrency = Math.max(...measured.map((workload) => workload.concurrency))
  const groups = groupRows(report, size, concurrency)
  const most = Math.max(
    1,
    ...groups.flatMap(([, rows]) => rows.flatMap((row) => [rateOf(row.get), rateOf(row.set)])),
  )
  const parts: string[] = []
  let y = PAD + 24
  for (const [layers, rows] of groups) {
    y += HEADING
    parts.push(text(PAD, y - 10, layers === 'plain' ? 'plain' : `with ${layers}`, 'font-weight="bold"'))
    for (const row of rows) {
      parts.push(drawRow(row, y, most))
      y += ROW
    }
  }
  const { environment } = report
  const title = `Requests per second: values of ${nameSize(size)}, ${String(concurrency)} at once`
  const source = `get above, set below; median of ${String(report.settings.rounds)} rounds; memcached ${environment.memcached}, Node ${environment.node}, ${String(environment.cpus)} CPUs shared with the server`
  const height = y + 2 * PAD + 12
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" width="${String(WIDTH)}" height="${String(height)}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" x="0.5" y="0.5" width="${String(WIDTH - 1)}" height="${String(height - 1)}" rx="8"/>`,
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">',
    text(PAD, PAD + 14, title, 'font-size="15" font-weight="bold"'),
    ...parts,
    text(PAD, height - PAD, source, 'class="dim" font-size="11"'),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

/** Rows by layers in the order of the contestants, the fastest get first. */
function groupRows(
  { workloads, contestants }: Report,
  size: number,
  concurrency: number,
): readonly (readonly [string, readonly Row[]])[] {
  const find = (name: string, operation: Operation): Standing | undefined =>
    workloads
      .find(
        ({ workload }) =>
          workload.operation === operation && workload.size === size && workload.concurrency === concurrency,
      )
      ?.standings.find(({ contestant }) => contestant === name)
  const groups = new Map<string, Row[]>()
  for (const contestant of contestants) {
    const row = { contestant, get: find(contestant.name, 'get'), set: find(contestant.name, 'set') }
    // who cannot run here has no place in a picture
    if (row.get?.failure?.kind === 'unavailable') continue
    const layers = nameLayers(contestant.layers)
    groups.set(layers, [...(groups.get(layers) ?? []), row])
  }
  return [...groups].map(([layers, rows]) => [layers, rows.toSorted((a, b) => rateOf(b.get) - rateOf(a.get))])
}

function drawRow({ contestant, get, set }: Row, y: number, most: number): string {
  const client = contestant.name.split(' ')[0] ?? contestant.name
  const bars = [get, set].map((standing, index) => {
    const top = y + index * (BAR.height + BAR.gap)
    const { measured } = standing ?? {}
    if (measured === undefined) {
      const why = standing?.failure?.kind ?? 'not measured'
      return text(
        LEFT,
        top + BAR.height - 0.5,
        why,
        `${standing === undefined ? 'class="dim"' : 'class="bad"'} font-size="10"`,
      )
    }
    const rate = measured.requestsPerSecond.median
    const length = Math.max(1, (rate / most) * (WIDTH - LEFT - RIGHT - PAD))
    const bar = `<rect class="${index === 0 ? 'get' : 'set'}" x="${String(LEFT)}" y="${String(top)}" width="${length.toFixed(1)}" height="${String(BAR.height)}" rx="2"/>`
    return bar + text(LEFT + length + 6, top + BAR.height - 0.5, group(rate), 'class="dim" font-size="10"')
  })
  const name = contestant.kind === 'memkeep' ? 'font-weight="bold"' : ''
  return `<g class="${contestant.kind}">${text(PAD + 12, y + 14, client, name)}${bars.join('')}</g>`
}

function rateOf(standing: Standing | undefined): number {
  return standing?.measured?.requestsPerSecond.median ?? 0
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escape(content)}</text>`
}

function escape(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
