import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocks, run } from './page.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PACKAGES = [
  ...['core', 'local-server', 'tls', 'sasl', 'encryption', 'client', 'keyv', 'cache-manager'],
  'memkeep',
]

let folder
let page
let dev

beforeAll(async () => {
  page = await readFile(join(ROOT, 'packages/memkeep/README.md'), 'utf8')
  folder = await mkdtemp(join(tmpdir(), 'memkeep-new-user-'))
})

afterAll(async () => {
  if (dev !== undefined && dev.exitCode === null) {
    dev.kill('SIGTERM')
    await once(dev, 'exit')
  }
  await rm(folder, { recursive: true })
})

/** Packs what would be published, and installs it with what else the page names, as if it had been. */
async function install(command) {
  const npm = (args, cwd) => promisify(execFile)('npm', args, { cwd })
  for (const name of PACKAGES) {
    await npm(['pack', '--silent', '--pack-destination', folder], join(ROOT, 'packages', name))
  }
  const packed = (await readdir(folder)).filter((name) => name.endsWith('.tgz')).map((name) => `./${name}`)
  const [, others] = /^npm install memkeep @memkeep\/cache-manager (.*)$/.exec(command.trim())
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await npm(
    ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packed, ...others.split(' ')],
    folder,
  )
}

/** Leaves a command running, as in a terminal of its own, and resolves when it says that it is ready. */
async function leaveRunning(command) {
  // this machine may have a server on the usual port; npx would stand between the signal and the command
  const args = command.trim().split(' ').slice(2)
  dev = spawn('node_modules/.bin/memkeep', args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  for await (const text of dev.stdout.setEncoding('utf8')) {
    printed += text
    if (printed.includes('runs hardened')) return
  }
  throw new Error(`memkeep dev ended: ${printed}`)
}

it("the README's three commands bring a new user from nothing to a hardened cache", async () => {
  const [installing, starting, using] = blocks(page, 'sh')
  const [program] = blocks(page, 'js')
  await install(installing)
  await leaveRunning(starting)
  await writeFile(join(folder, 'cache.mjs'), program)
  const { stdout } = await run(using, folder)
  const [promised] = blocks(page, 'text')
  // ports and ids differ
  const shape = (text) => text.replaceAll(/:\d+$/gm, ':PORT').replaceAll(/(key|CA) [0-9a-f]{8}/g, '$1 ID')
  expect(shape(stdout)).toBe(shape(promised))
})
