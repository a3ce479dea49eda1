import { basename, dirname, isAbsolute } from 'node:path'
import { findProgram } from '@memkeep/local-server'

/** What packages of Chromium, and of browsers that are Chromium at heart, call their program. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

/** Where macOS keeps its applications. */
const APPLICATIONS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** How to start it for a test, as root and in a container too: no window, and no network of its own. */
export const CHROMIUM_FLAGS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Finds the browser to look at pages with: the one that `MEMKEEP_CHROMIUM` names, else an installed Chromium or
 * Chrome; undefined when there is none.
 *
 * @throws Error when `MEMKEEP_CHROMIUM` names no program
 */
export async function findChromium(): Promise<string | undefined> {
  const own = process.env['MEMKEEP_CHROMIUM']
  if (own !== undefined) {
    const path = isAbsolute(own) ? await at(own) : undefined
    if (path !== undefined) return path
    throw new Error(
      `MEMKEEP_CHROMIUM=${own} is no program: set it to the absolute path of a Chromium, or unset it.`,
    )
  }
  for (const name of NAMES) {
    const path = await findProgram(name)
    if (path !== undefined) return path
  }
  for (const application of APPLICATIONS) {
    const path = await at(application)
    if (path !== undefined) return path
  }
  return undefined
}

/** A path again, if a program is there. */
function at(path: string): Promise<string | undefined> {
  return findProgram(basename(path), [dirname(path)])
}
