/**
 * What can steer a terminal, reorder or hide text, or break a line of a log: control characters (C0, DEL, C1), format
 * characters (bidirectional marks, zero-width characters, tags), lone surrogates, private-use characters, and
 * everything that is invisible by default.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
const NOT_PRINTABLE_ASCII = /[^\x20-\x7e]|\\/g

const LINE_ENDS_AND_COLORS = new RegExp(`(${String.fromCharCode(27)}\\[[\\d;]*m|\\n)`)

/** The longest text that {@link displayBytes} shows by default, in characters. */
const MAX_LENGTH = 200

/**
 * Text from outside (a server's reply, a certificate's name) as it is safe to print: unsafe characters become
 * `\u{9b}`. Returns the same string if it has none.
 */
export function displayText(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** The same for text of several lines that may be coloured: line feeds and colours stay as they are. */
export function displayLines(text: string): string {
  return text
    .split(LINE_ENDS_AND_COLORS)
    .map((part, index) => (index % 2 === 0 ? displayText(part) : part))
    .join('')
}

/**
 * Bytes as they are safe to print: printable ASCII as it is, line ends and the rest as escapes, cut to `maxLength`
 * characters.
 */
export function displayBytes(bytes: Buffer | string, maxLength: number = MAX_LENGTH): string {
  const text = typeof bytes === 'string' ? bytes : bytes.toString('latin1', 0, maxLength + 1)
  const shown = text.slice(0, maxLength).replace(NOT_PRINTABLE_ASCII, escapeCodeUnit)
  return text.length > maxLength || bytes.length > text.length ? `${shown}…` : shown
}

/** JSON that is safe to print, and parses to the same value. */
export function displayJson(value: unknown, indent?: number): string {
  const json = JSON.stringify(value, null, indent)
  // line feeds are the indentation's: JSON escapes those of strings itself
  return json.replace(UNSAFE, (character) =>
    character === '\n' ? character : character.split('').map(toJsonEscape).join(''),
  )
}

function toJsonEscape(codeUnit: string): string {
  return `\\u${codeUnit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function escapeCodeUnit(character: string): string {
  const known: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '\\': '\\\\' }
  return known[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
