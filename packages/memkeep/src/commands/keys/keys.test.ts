import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { distributeKey, generateKeyset, Keyring, promoteKey, type Keyset } from '@memkeep/encryption'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memkeep, type Outcome } from '../../../test/cli/memkeep.ts'
import type { TestContextOptions } from '../../../test/cli/context.ts'
import { readKeyset } from '../../keys/keyset-file.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const SECRET = 'memkeep-key-v1:'
const ago = (milliseconds: number): Date => new Date(Date.now() - milliseconds)

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memkeep-cli-'))
  file = join(folder, 'keys.json')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** Runs a step on the file, and sees to it that no key was printed. */
async function keys(step: string, ...args: readonly string[]): Promise<Outcome> {
  const outcome = await memkeep(['keys', step, '--file', file, ...args])
  for (const text of [outcome.stdout, outcome.stderr]) expect(text).not.toContain(SECRET)
  return outcome
}
const json = async (step: string, ...args: readonly string[]): Promise<unknown> =>
  JSON.parse((await keys(step, '--json', ...args)).stdout)
function keep(keyset: Keyset): Keyset {
  writeFileSync(file, JSON.stringify(keyset), { mode: 0o600 })
  return keyset
}
const idAt = ({ keys: all }: Keyset, index: number): string => all.at(index)?.id ?? ''

/** One key for a month, and another for as long as is said. */
const distributed = (age: number): Keyset =>
  distributeKey(generateKeyset({ now: ago(30 * DAY) }), { now: ago(age) })
/** The second is primary for as long as is said. */
function promoted(age: number): Keyset {
  const keyset = distributed(age + 2 * HOUR)
  return promoteKey(keyset, idAt(keyset, 1), { now: ago(age) })
}

describe('generate', () => {
  it('makes a keyset of one key, and says what to do with it', async () => {
    const { code, stdout, stderr } = await keys('generate')
    const { primary, keys: made } = readKeyset(file)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(made).toHaveLength(1)
    expect(stdout).toContain(primary)
    expect(stdout).toContain(`Keyring.fromFile(${JSON.stringify(file)})`)
  })

  it('overwrites nothing, keyset or not', async () => {
    writeFileSync(file, 'dear diary')
    const { code, stdout, stderr } = await keys('generate')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('is there already, and is never overwritten')
    expect(readFileSync(file, 'utf8')).toBe('dear diary')
  })

  it('prints a key that is kept nowhere, and nothing beside it', async () => {
    const { code, stdout, stderr } = await memkeep(['keys', 'generate', '--env'])
    expect(code).toBe(0)
    const keyring = Keyring.fromEnv('MEMKEEP_KEYS', envOf(stdout))
    expect(stderr).toContain(keyring.primaryId)
    expect(stderr).not.toContain(SECRET)
  })

  it('is told where, by an option or a variable', async () => {
    const { code, stderr } = await memkeep(['keys', 'generate'])
    expect({ code }).toEqual({ code: 2 })
    expect(stderr).toContain('--file keys.json, or the variable MEMKEEP_KEYS_FILE')
    expect((await memkeep(['keys', 'generate'], { env: { MEMKEEP_KEYS_FILE: file } })).code).toBe(0)
    expect(readKeyset(file).keys).toHaveLength(1)
  })
})

describe('list', () => {
  it('says what each key is for, its age, and what may be done and when', async () => {
    const keyset = keep(distributeKey(promoted(3 * DAY), { now: ago(10 * 60_000) }))
    const [old, primary, fresh] = [0, 1, 2].map((index) => idAt(keyset, index))
    const { code, stdout } = await keys('list', '--longest-ttl', '7d')
    expect(code).toBe(0)
    const lines = stdout.split('\n')
    expect(lines[0]?.split(/ {2,}/)).toEqual(['id', 'is', 'made', 'next'])
    expect(lines[1]).toContain(`${String(old)}   old: opens what it sealed, and makes key names`)
    expect(lines[1]).toContain('stays: key names are made with it')
    expect(lines[2]).toMatch(
      new RegExp(`^${String(primary)} .*primary: seals and opens .*stays until another`),
    )
    expect(lines[3]).toMatch(
      new RegExp(`^${String(fresh)} .*new: .*1[01] minutes ago .*promote in 50 minutes, at 20`),
    )
  })

  it('says the same to machines', async () => {
    const { primary, keys: all } = promoted(3 * DAY)
    const keyset = keep({ primary, keys: all })
    expect(await json('list', '--longest-ttl', '1d', '--settle', '30m')).toMatchObject({
      file,
      primary: keyset.primary,
      nameKey: null,
      keys: [
        {
          id: idAt(keyset, 0),
          role: 'old',
          makesNames: false,
          next: {
            step: 'retire',
            from: new Date(Date.parse(keyset.keys[0]?.since ?? '') + DAY + HOUR / 2).toISOString(),
          },
        },
        { id: keyset.primary, role: 'primary', next: null },
      ],
    })
    expect(await json('list')).toMatchObject({ keys: [{ next: { step: 'retire', from: null } }, {}] })
  })

  it('prints the keys where it is asked to, the primary one first', async () => {
    keep(promoted(DAY))
    const { stdout, stderr } = await memkeep(['keys', 'list', '--file', file, '--env'])
    expect(Keyring.fromEnv('MEMKEEP_KEYS', envOf(stdout)).primaryId).toBe(readKeyset(file).primary)
    expect(stderr).toContain('primary: seals and opens')
    expect(stderr).not.toContain(SECRET)
    expect(stderr).not.toContain('Clear this screen')
    const terminal = await memkeep(['keys', 'list', '--file', file, '--env'], { isTTY: true })
    expect(terminal.stdout).toBe(stdout)
    expect(terminal.stderr).toContain('Clear this screen')
    const machine = await memkeep(['keys', 'list', '--file', file, '--env', '--json'])
    expect(JSON.parse(machine.stdout)).toMatchObject({ env: stdout.trimEnd() })
    expect(machine.stderr).toBe('')
  })
})

describe('distribute', () => {
  it('adds a key that only opens, and says from when on it may be promoted', async () => {
    const { primary } = keep(generateKeyset())
    const { code, stdout } = await keys('distribute', '--settle', '15m')
    const keyset = readKeyset(file)
    const fresh = keyset.keys[1]
    expect({ code, primary: keyset.primary }).toEqual({ code: 0, primary })
    expect(fresh?.status).toBe('decrypt-only')
    const from = new Date(Date.parse(fresh?.created ?? '') + HOUR / 4).toISOString()
    expect(stdout).toContain(`from ${from} on: memkeep keys promote ${String(fresh?.id)} --settle 15m --file`)
  })
})

describe('promote', () => {
  it('takes the newest key that was never primary, and says which', async () => {
    const keyset = keep(distributeKey(distributed(3 * HOUR), { now: ago(2 * HOUR) }))
    const { code, stdout } = await keys('promote')
    expect(code).toBe(0)
    expect(readKeyset(file).primary).toBe(idAt(keyset, 2))
    expect(stdout).toContain(`Key ${idAt(keyset, 2)} is primary`)
    expect(stdout).toContain(`memkeep keys retire ${keyset.primary} --longest-ttl <duration> --file`)
  })

  it('is refused while processes may not have the key, with how long to wait', async () => {
    const keyset = keep(distributed(10 * 60_000))
    const { code, stdout, stderr } = await keys('promote')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('That is 50 minutes from now')
    expect(stderr).toContain('ERR_MEMKEEP_UNSAFE_ROTATION')
    expect(readKeyset(file)).toEqual(keyset)
    expect((await keys('promote', '--settle', '5m')).code).toBe(0)
  })

  it('goes back to the old key when it is named, and to none when it is not', async () => {
    const keyset = keep(promoted(HOUR))
    const { code, stderr } = await keys('promote')
    expect(code).toBe(2)
    expect(stderr).toContain('memkeep keys distribute')
    expect((await keys('promote', idAt(keyset, 0))).code).toBe(0)
    expect(readKeyset(file).primary).toBe(idAt(keyset, 0))
  })

  it.each(['00000000', 'x', '--'])('knows no key %j', async (id) => {
    const keyset = keep(distributed(DAY))
    expect((await keys('promote', ...(id === '--' ? ['--', '--'] : [id]))).code).toBe(2)
    expect(readKeyset(file)).toEqual(keyset)
  })
})

describe('retire', () => {
  it('removes the one old key, once what it sealed has ended', async () => {
    const keyset = keep(promoted(3 * DAY))
    const early = await keys('retire', '--longest-ttl', '7d', '--repin-names')
    expect(early.code).toBe(2)
    expect(early.stderr).toMatch(/may be in the cache still.* That is [45] days from now/)
    expect(readKeyset(file)).toEqual(keyset)
    const { code, stdout } = await keys('retire', '--longest-ttl', '2d', '--repin-names')
    expect(code).toBe(0)
    expect(stdout).toContain(`Key ${idAt(keyset, 0)} is gone`)
    expect(readKeyset(file)).toMatchObject({ nameKey: keyset.primary, keys: [{ id: keyset.primary }] })
  })

  it('keeps the key that names are made with, unless it is told', async () => {
    const keyset = keep(promoted(3 * DAY))
    const { code, stderr } = await keys('retire', '--longest-ttl', '1h')
    expect(code).toBe(2)
    expect(stderr).toContain('--repin-names')
    expect(readKeyset(file)).toEqual(keyset)
  })

  it('wants to know how long values live, but for a key that sealed none', async () => {
    const keyset = keep(promoted(3 * DAY))
    const { code, stderr } = await keys('retire', '--repin-names')
    expect(code).toBe(2)
    expect(stderr).toContain('--longest-ttl 7d')
    keep(distributed(60_000))
    expect((await keys('retire', idAt(readKeyset(file), 1))).code).toBe(0)
    expect(keyset.keys).toHaveLength(2)
  })

  it('never takes the primary key, and no one of several unasked', async () => {
    const keyset = keep(promoted(3 * DAY))
    expect((await keys('retire', keyset.primary, '--longest-ttl', '1h', '--repin-names')).code).toBe(2)
    const third = distributeKey(keyset, { now: ago(2 * DAY) })
    keep(promoteKey(third, idAt(third, 2), { now: ago(DAY) }))
    const { code, stderr } = await keys('retire', '--longest-ttl', '1h')
    expect(code).toBe(2)
    expect(stderr).toContain(`name the id of one, of ${idAt(third, 0)}, ${idAt(third, 1)}`)
    keep(generateKeyset())
    expect((await keys('retire', '--longest-ttl', '1h')).stderr).toContain('No key of the keyset is old')
  })
})

describe('a whole rotation', () => {
  it('goes by what each step says is next', async () => {
    await keys('generate')
    await keys('distribute', '--settle', '0s')
    await keys('promote', '--settle', '0s')
    const { code } = await keys('retire', '--settle', '0s', '--longest-ttl', '0s', '--repin-names')
    expect(code).toBe(0)
    expect(readKeyset(file).keys).toHaveLength(1)
  })
})

describe('errors', () => {
  it.each([
    [['promote', '--settle', 'soon'], '90s, 15m, 1h, 7d or 2w'],
    [['retire', '--longest-ttl', '7'], '90s, 15m, 1h, 7d or 2w'],
    [['list', '--settle', '1.5h'], '90s, 15m, 1h, 7d or 2w'],
    [['rotate'], "unknown command 'rotate'"],
  ])('%j', async (args, message) => {
    keep(generateKeyset())
    const { code, stdout, stderr } = await memkeep(['keys', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('are JSON where results are', async () => {
    const { code, stdout, stderr } = await memkeep(['keys', 'list', '--file', file, '--json'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'ERR_MEMKEEP_KEYS_UNAVAILABLE' } })
  })

  it('show no key of a file that is malformed', async () => {
    const text = JSON.stringify(generateKeyset())
    for (const broken of [
      text.slice(0, -5),
      text.replace('"key"', '"keys"'),
      text.replace(/"id":"./, '"id":"x'),
    ]) {
      writeFileSync(file, broken, { mode: 0o600 })
      for (const step of ['list', 'distribute', 'promote']) expect((await keys(step)).code).toBe(2)
    }
  })
})

function envOf(stdout: string): TestContextOptions['env'] & object {
  expect(stdout).toMatch(/^MEMKEEP_KEYS=\S+\n$/)
  return { MEMKEEP_KEYS: stdout.trimEnd().slice('MEMKEEP_KEYS='.length) }
}
