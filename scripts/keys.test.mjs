import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Keyring } from '@memkeep/encryption'
import { expect, it } from 'vitest'
import { blocks, run } from './page.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
// where the packages are installed, as they are with whoever follows the page
const INSTALLED = fileURLToPath(new URL('.', import.meta.url))

const read = (path) => readFile(`${ROOT}${path}`, 'utf8')

it.each(['docs/keys.md', 'packages/encryption/README.md'])('%s: its command makes a key', async (path) => {
  const [command] = blocks(await read(path), 'sh')
  const { stdout } = await run(command, INSTALLED)
  expect(Keyring.fromText(stdout).ids).toHaveLength(1)
})

it('docs/keys.md: its commands make a keyset, and rotate it no faster than it may be', async () => {
  const page = await read('docs/keys.md')
  const folder = await mkdtemp(join(tmpdir(), 'memkeep-keys-'))
  const file = join(folder, 'keys.json')
  const keyset = async () => JSON.parse(await readFile(file, 'utf8'))
  /** As if time had passed. */
  const age = async (hours) => {
    const { keys, ...rest } = await keyset()
    const earlier = (time) => new Date(Date.parse(time) - hours * 3_600_000).toISOString()
    const aged = keys.map((key) => ({ ...key, created: earlier(key.created), since: earlier(key.since) }))
    await writeFile(file, JSON.stringify({ ...rest, keys: aged }))
  }
  try {
    const [, make] = blocks(page, 'sh')
    const { stdout } = await run(make, folder)
    const first = (await keyset()).primary
    expect(stdout).toContain(first)
    expect((await stat(file)).mode & 0o777).toBe(0o600)

    const steps = blocks(page, 'console')
      .join('')
      .matchAll(/^\$ (memkeep .*)$/gm)
    const [distribute, promote, retire] = [...steps].map(([, command]) => command)
    await run(distribute, folder)
    await expect(run(promote, folder)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('from now'),
    })
    await age(1)
    await run(promote, folder)
    await expect(run(retire, folder)).rejects.toMatchObject({ code: 2 })
    await age(25)
    await run(retire, folder)
    const { primary, nameKey, keys } = await keyset()
    expect(keys.map(({ id }) => id)).toEqual([primary])
    expect(nameKey).toBe(primary)
    expect(primary).not.toBe(first)
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('docs/keys.md: a keyset has the fields that it shows', async () => {
  const [json] = blocks(await read('docs/keys.md'), 'json')
  const key = Keyring.generate()
  const keyset = json.replace('memkeep-key-v1:…', key.exportText()).replaceAll('e445bfe9', key.primaryId)
  expect(Keyring.fromKeyset(keyset).ids).toEqual([key.primaryId])
})

it('docs/envelope.md: its commands check the test vectors', async () => {
  for (const block of blocks(await read('docs/envelope.md'), 'sh')) {
    const { stdout } = await run(`PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE\n${block}`, ROOT)
    expect(stdout).toContain('57 envelopes opened, 187 refused, as they should be')
  }
})
