import { execFile } from 'node:child_process'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Where the workspace has the command `memkeep`. */
const PROGRAMS = fileURLToPath(new URL('../node_modules/.bin', import.meta.url))

/** The fenced blocks of a page in one language. */
export function blocks(page, language) {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, of, text]) =>
    of === language ? [text] : [],
  )
}

/** Runs a block of a page as someone does who pastes it. */
export function run(script, folder) {
  const PATH = `${PROGRAMS}${delimiter}${process.env.PATH}`
  return promisify(execFile)('sh', ['-e', '-c', script], { cwd: folder, env: { ...process.env, PATH } })
}
