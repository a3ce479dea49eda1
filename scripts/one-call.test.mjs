import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { hardening } from 'memkeep'
import { beforeAll, expect, it } from 'vitest'

const URI = 'memcacheds://cache.example'

let page
beforeAll(async () => {
  page = await readFile(fileURLToPath(new URL('../docs/one-call.md', import.meta.url)), 'utf8')
})

/** What hardening() says of a source that does not hold. */
function refusal(source) {
  try {
    hardening(source)
  } catch (error) {
    return error.message
  }
  throw new Error('It was taken')
}

/** The cells of the table of settings: parameters and variables. */
function settings() {
  const [table] = page.split('## Settings\n')[1].split('\nOptions have')
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code)))
}

it('names every parameter that there is, and no other', () => {
  const known = refusal(`${URI}?nope=1`).match(/known ones are ([\w, ]+)\./)[1]
  const named = settings().flatMap(([, parameters]) => parameters.filter((name) => /^[a-zA-Z]+$/.test(name)))
  expect(named.filter((name) => name !== 'user').toSorted()).toEqual(known.split(', ').toSorted())
})

it('names every variable that there is, and no other', () => {
  const known = refusal({ env: { MEMKEEP_NOPE: '1' } }).match(/there are ([\w, ]+)$/)[1]
  // what is memkeep dev's and not a setting
  const expected = known.split(', ').filter((name) => name !== 'MEMKEEP_MEMCACHED')
  const named = settings().flatMap(([, , variables]) => variables)
  expect(named.toSorted()).toEqual(expected.toSorted())
})
