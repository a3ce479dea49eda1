import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The fenced blocks of a page in one language. */
export function blocks(page, language) {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, of, text]) =>
    of === language ? [text] : [],
  )
}

/** Runs a block of a page as someone does who pastes it. */
export function run(script, folder) {
  return promisify(execFile)('sh', ['-e', '-c', script], { cwd: folder })
}
