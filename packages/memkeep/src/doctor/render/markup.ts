import { escapeUTF8 } from 'entities'
import { displayText } from '@memkeep/core/internal'

/** HTML that is put into a page as it is: made by {@link html}, or of constants of ours. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What may stand in {@link html}: text is escaped, markup and lists of it are not. */
export type Content = string | number | Markup | readonly Markup[]

/** A template of HTML whose values are escaped, in text and in quoted attributes. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.reduce((all, part, index) => all + toText(values[index - 1] ?? '') + part))
}

/** Text whose parts between backticks are code, and whose CVE ids lead to their records. */
export function prose(text: string): Markup {
  return html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : linked(part)))}`
}

function linked(text: string): Markup {
  const parts = text.split(/(CVE-\d{4}-\d{4,7})/)
  return html`${parts.map((part, index) =>
    index % 2 === 1
      ? html`<a href="https://www.cve.org/CVERecord?id=${part}" rel="noopener noreferrer">${part}</a>`
      : html`${part}`,
  )}`
}

function toText(content: Content): string {
  if (content instanceof Markup) return content.text
  if (typeof content === 'object') return content.map(({ text }) => text).join('')
  return escapeUTF8(displayText(String(content)))
}
