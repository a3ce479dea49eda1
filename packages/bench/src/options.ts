import { parseArgs } from 'node:util'
import { parseNumbers } from 'memkeep/internal/bench'
import type { Contestant } from './contestants/contestant.ts'
import { contestants } from './contestants/index.ts'
import { FULL, QUICK, type Plan } from './plan.ts'

/** What can be measured. */
const SUBJECTS = ['requests', 'handshakes', 'encryption', 'adapters'] as const
export type Subject = (typeof SUBJECTS)[number]

/** What says something of requests alone. */
const FOR_REQUESTS = ['growth', 'only', 'sizes', 'concurrency', 'svg'] as const

/** What the command line asks for. */
export interface Options {
  readonly help: boolean
  readonly subject: Subject
  readonly plan: Plan
  /** Where JSON goes: a file, or `-` for standard output in place of the table. */
  readonly json: string | undefined
  readonly svg: string | undefined
}

/** Reads the command line. @throws TypeError or RangeError that names the option */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: withJsonTarget(args),
    allowNegative: true,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      growth: { type: 'boolean' },
      only: { type: 'string' },
      sizes: { type: 'string' },
      concurrency: { type: 'string' },
      rounds: { type: 'string' },
      slice: { type: 'string' },
      json: { type: 'string' },
      svg: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const subject = readSubject(positionals)
  const misfit = FOR_REQUESTS.find((option) => values[option] !== undefined)
  if (subject !== 'requests' && misfit !== undefined) {
    throw new TypeError(`${subject}: --${misfit} is for requests alone: leave it out`)
  }
  const base = values.quick ? QUICK : FULL
  return {
    help: values.help,
    subject,
    json: values.json,
    svg: values.svg,
    plan: {
      ...base,
      contestants: values.only === undefined ? contestants : choose(values.only),
      sizes: numbers('sizes', values.sizes) ?? base.sizes,
      concurrency: numbers('concurrency', values.concurrency) ?? base.concurrency,
      rounds: numbers('rounds', values.rounds)?.[0] ?? base.rounds,
      slice: numbers('slice', values.slice)?.[0] ?? base.slice,
      growth: values.growth ?? base.growth,
    },
  }
}

function readSubject([word = 'requests', ...more]: readonly string[]): Subject {
  const subject = SUBJECTS.find((name) => name === word)
  if (subject === undefined || more.length > 0) {
    throw new TypeError(`Measure one of ${SUBJECTS.join(', ')}, not ${[word, ...more].join(' ')}`)
  }
  return subject
}

/** `--json` alone means standard output, which `parseArgs` has no way to say. */
function withJsonTarget(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const next = args[index + 1]
    return arg === '--json' && (next === undefined || next.startsWith('-')) ? '--json=-' : arg
  })
}

/** Contestants by their full name, or all of a client by its first word. */
function choose(list: string): readonly Contestant[] {
  const wanted = list.split(',').map((name) => name.trim().toLowerCase())
  const matches = (contestant: Contestant, name: string): boolean => {
    const full = contestant.name.toLowerCase()
    return full === name || full.split(' ')[0] === name
  }
  for (const name of wanted) {
    if (!contestants.some((contestant) => matches(contestant, name))) {
      const names = contestants.map((contestant) => contestant.name).join(', ')
      throw new RangeError(`--only: there is no "${name}" among ${names}`)
    }
  }
  return contestants.filter((contestant) => wanted.some((name) => matches(contestant, name)))
}

function numbers(option: string, list: string | undefined): readonly number[] | undefined {
  return list === undefined ? undefined : parseNumbers(option, list)
}
