import process from 'node:process'
import { displayJson, displayLines } from '@memkeep/core/internal'
import yoctoSpinner from 'yocto-spinner'
import { colorsFor, NO_COLORS, type Colors } from './colors.ts'
import type { CliContext } from './context.ts'

export type { Colors } from './colors.ts'

/**
 * What a command prints, and where: results to standard output, everything else to standard error. Colours and line
 * ends apart, nothing that it prints can steer a terminal.
 */
export class Output {
  readonly json: boolean
  /** Colours for results; off without a terminal, and with NO_COLOR. */
  readonly colors: Colors
  readonly #context: CliContext

  constructor(context: CliContext, json: boolean) {
    this.#context = context
    this.json = json
    this.colors = json ? NO_COLORS : colorsFor(context.stdout, context)
  }

  /** The result: as JSON for machines with `--json`, else as text for people. */
  result(value: unknown, render: (colors: Colors) => string): void {
    const text = this.json ? displayJson(value, 2) : displayLines(render(this.colors))
    this.#context.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  /** What a person should know beside the result. Says nothing with `--json`. */
  note(text: string): void {
    if (!this.json) this.#context.stderr.write(`${displayLines(text)}\n`)
  }

  /**
   * Shows that something is under way: a spinner on a terminal, else a line when it starts, and nothing with
   * `--json`. The task may say what it is at.
   */
  async progress<T>(text: string, task: (say: (text: string) => void) => Promise<T>): Promise<T> {
    const { stderr } = this.#context
    if (this.json) return task(() => undefined)
    if (stderr !== process.stderr || !process.stderr.isTTY) {
      stderr.write(`${displayLines(text)} …\n`)
      return task((step) => {
        stderr.write(`${displayLines(step)} …\n`)
      })
    }
    const spinner = yoctoSpinner({ text: displayLines(text), stream: process.stderr }).start()
    try {
      return await task((step) => {
        spinner.text = displayLines(step)
      })
    } finally {
      spinner.stop()
    }
  }
}
