import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Argument, Command, Option } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testContext } from '../../test/cli/context.ts'
import { complete } from './complete.ts'
import { completionScript, SHELLS } from './completion-scripts.ts'
import { EXIT } from './exit-code.ts'
import { run } from './main.ts'

const program = new Command('memkeep')
program
  .command('look')
  .summary('look at it')
  .addArgument(new Argument('<color>').choices(['red', 'green']))
  .argument('[files...]')
  .option('-f, --file <file>', 'a file')
  .option('--json', 'JSON')
  .addOption(new Option('--auth <kind>', 'how').choices(['sasl', 'ascii']))
const group = program.command('keys').summary('keys').helpCommand(false)
group.command('list').summary('list them')
group.command('generate').summary('make one')

describe('complete', () => {
  it.each<[string, readonly string[], readonly string[], boolean]>([
    ['commands', [''], ['look', 'keys', 'help'], false],
    ['commands that begin so', ['lo'], ['look'], false],
    ['subcommands', ['keys', ''], ['list', 'generate'], false],
    ['nothing after what is no command', ['nope', ''], [], false],
    ['choices of an argument', ['look', ''], ['red', 'green'], false],
    ['choices that begin so', ['look', 'g'], ['green'], false],
    ['files for what has no choices', ['look', 'red', ''], [], true],
    ['files for every one of several', ['look', 'red', 'a', 'b'], [], true],
    ['nothing after the last argument', ['keys', 'list', ''], [], false],
    ['long options', ['look', '--'], ['--file', '--json', '--auth', '--help'], false],
    ['every option', ['look', '-'], ['--file', '-f', '--json', '--auth', '--help', '-h'], false],
    ['options among arguments', ['look', 'red', '--j'], ['--json'], false],
    ['a file as a value', ['look', '--file', 'a'], [], true],
    ['a file as a value of the short one', ['look', '-f', ''], [], true],
    ['choices of an option', ['look', '--auth', 's'], ['sasl'], false],
    ['choices behind a sign', ['look', '--auth=a'], ['--auth=ascii'], false],
    ['an argument after a value', ['look', '--file', 'a', ''], ['red', 'green'], false],
    ['an argument after a switch', ['look', '--json', ''], ['red', 'green'], false],
    ['arguments alone after --', ['look', 'red', '--', '--j'], [], true],
    ['nothing behind an unknown option', ['look', '--nope=a'], [], false],
  ])('%s', (_name, words, values, files) => {
    const completion = complete(program, words)
    expect(completion.candidates.map(({ value }) => value)).toEqual(values)
    expect(completion.files).toBe(files)
  })
})

describe('memkeep complete', () => {
  it('answers the scripts of the shells', async () => {
    const context = testContext()
    expect(await run(['complete', '--', 'completion', 'f'], context)).toBe(EXIT.OK)
    expect(context.written.stdout).toBe('fish\t\n:4\n')
  })
})

describe('completionScript', () => {
  it.each(SHELLS)('%s: asks the command', (shell) => {
    expect(completionScript(shell)).toMatch(/memkeep complete ['"]?--/)
  })

  it('leaves the console as it was', () => {
    const before = globalThis.console
    completionScript('zsh')
    expect(globalThis.console).toBe(before)
  })
})

describe('a real bash', () => {
  let folder: string
  let bash: Bash
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'memkeep-completion-'))
    await symlink(fileURLToPath(new URL('../../bin/memkeep.mjs', import.meta.url)), join(folder, 'memkeep'))
    await writeFile(join(folder, 'certificate.pem'), '')
    bash = new Bash(folder)
    // twice, as where several files of a shell do so
    const line = 'source <(memkeep completion bash)'
    await bash.type(`PS1='> '; ${line}; ${line}; echo re"ady"\n`, 'ready\r\n> ')
  })
  afterAll(async () => {
    await bash.end()
    await rm(folder, { recursive: true })
  })

  it('reads the script without a word', () => {
    expect(bash.shown).toMatch(/echo re"ady"\r\n(bash-\S+ )?ready\r\n> $/)
  })

  it.each([
    ['a command', 'memkeep completi\t', 'memkeep completion '],
    ['an argument', 'memkeep completion pow\t', 'memkeep completion powershell '],
    ['an option', 'memkeep completion bash --js\t', 'memkeep completion bash --json '],
    ['nothing that is not there', 'memkeep completion certif\t!', 'memkeep completion certif!'],
  ])('completes %s', async (_name, keys, line) => {
    await bash.type(`\u0015${keys}`, line)
  })

  it('runs nothing that stands in the line', async () => {
    await bash.type('\u0015memkeep $(touch ran) $(touch ran; memkeep) >ran completi\t!', '!')
    expect(await readdir(folder)).toEqual(['certificate.pem', 'memkeep'])
  })
})

/** An interactive bash, and what it shows. */
class Bash {
  shown = ''
  readonly #terminal: ChildProcessByStdio<Writable, Readable, null>

  constructor(folder: string) {
    const env = { PATH: `${folder}:${String(process.env['PATH'])}`, TERM: 'dumb', INPUTRC: '/dev/null' }
    this.#terminal = spawn(
      'python3',
      [fileURLToPath(new URL('../../test/cli/terminal.py', import.meta.url))],
      {
        ...{ cwd: folder, env, stdio: ['pipe', 'pipe', 'inherit'] },
      },
    )
    // but the bell, by which it says that there is nothing to complete
    this.#terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.shown += text.replaceAll('\u0007', '')
    })
  }

  /** Types keys, and waits until it shows something from then on. */
  async type(keys: string, awaited: string): Promise<void> {
    const start = this.shown.length
    this.#terminal.stdin.write(keys)
    while (!this.shown.includes(awaited, start)) await once(this.#terminal.stdout, 'data')
  }

  async end(): Promise<void> {
    this.#terminal.stdin.end()
    await once(this.#terminal, 'close')
  }
}
