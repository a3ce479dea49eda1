/** The longest text of evidence, in characters. */
const MAX_LENGTH = 200

/**
 * Bytes as evidence shows them: printable ASCII as it is, line ends and the rest as escapes, cut short. Hand in
 * nothing that is secret.
 */
export function printable(bytes: Buffer | string, maxLength: number = MAX_LENGTH): string {
  const text = typeof bytes === 'string' ? bytes : bytes.toString('latin1', 0, maxLength + 1)
  const shown = text.slice(0, maxLength).replace(/[^\x20-\x7e]|\\/g, escape)
  return text.length > maxLength || bytes.length > text.length ? `${shown}…` : shown
}

function escape(character: string): string {
  const known: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '\\': '\\\\' }
  return known[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
