/**
 * Text without what could steer a terminal or turn a line round: control characters and marks of writing direction,
 * which a hostile server may put into what it says, are shown as escapes.
 */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `\\u{${code.toString(16)}}`
  })
}
