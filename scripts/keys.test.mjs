import { readFile } from 'node:fs/promises'
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
