import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { setUp } from './setup/index.mjs'
import { run } from './setup/run.mjs'

const [name = ''] = process.argv.slice(2)
try {
  await setUp()
  const path = `examples/${name}/main.mjs`
  if (!/^[a-z-]+$/.test(name) || !existsSync(path)) {
    const folders = await readdir('examples', { withFileTypes: true })
    const names = folders
      .filter((entry) => existsSync(`examples/${entry.name}/main.mjs`))
      .map((entry) => entry.name)
    throw new Error(`Name an example: npm run example -- ${names.join(' | ')}`)
  }
  run(process.execPath, [path])
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
