/** The commands that `store` may be told. */
const STORE: ReadonlySet<string> = new Set(['set', 'add', 'replace', 'append', 'prepend', 'cas'])
/** The commands that `retrieve` may be told. */
const RETRIEVE: ReadonlySet<string> = new Set(['get', 'gets'])

/** @throws TypeError for what is no command of that kind */
export function assertCommand(kind: 'store' | 'retrieve', command: string): void {
  const commands = kind === 'store' ? STORE : RETRIEVE
  if (commands.has(command)) return
  throw new TypeError(`${kind} takes one of ${[...commands].join(', ')} as its command`)
}

/**
 * A number as it stands in a command line: nothing else must get there, since what follows a line feed runs.
 *
 * @throws RangeError naming the argument
 */
export function wholeNumber(name: string, value: unknown, least: 'any' | 'not negative'): string {
  const text =
    typeof value === 'number' || typeof value === 'string' || typeof value === 'bigint' ? String(value) : ''
  if (/^-?\d{1,20}$/.test(text) && (least === 'any' || !text.startsWith('-'))) return text
  throw new RangeError(`${name} must be a whole number${least === 'any' ? '' : ', 0 or more'}`)
}
