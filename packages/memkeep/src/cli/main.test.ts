import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { MemkeepError } from '@memkeep/core'
import { describe, expect, it } from 'vitest'
import { testContext, type TestContextOptions } from '../../test/cli/context.ts'
import { defineCommand, type CommandDefinition } from './definition.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { run } from './main.ts'
import type { Commands } from './program.ts'

const BIN = fileURLToPath(new URL('../../bin/memkeep.mjs', import.meta.url))
const PROCESS = fileURLToPath(new URL('../../test/cli/process.mjs', import.meta.url))

function command(name: string, does: CommandDefinition['run']): CommandDefinition {
  return defineCommand({
    name,
    summary: `${name} it`,
    description: `Does ${name}.`,
    examples: [{ line: `memkeep ${name}`, does: 'as it is' }],
    run: does,
  })
}

const COMMANDS: Commands = [
  command('look <what>', ({ output }, [what]) => {
    output.note('looking')
    output.result({ what }, ({ green }) => `it is ${green(String(what))}`)
    return Promise.resolve(EXIT.NO)
  }),
  {
    name: 'group',
    summary: 'several',
    description: 'Several of them.',
    commands: [
      command('fail', () =>
        Promise.reject(new MemkeepError('ERR_MEMKEEP_SERVER_DOWN', 'It is down: start it.')),
      ),
    ],
  },
]

async function ran(
  args: readonly string[],
  options: TestContextOptions = {},
  commands: Commands = COMMANDS,
): Promise<{ readonly code: ExitCode; readonly stdout: string; readonly stderr: string }> {
  const context = testContext(options)
  const code = await run(args, context, commands)
  return { code, ...context.written }
}

describe('run', () => {
  it('prints the result to standard output, the rest to standard error, and tells the answer', async () => {
    expect(await ran(['look', 'red'])).toEqual({ code: EXIT.NO, stdout: 'it is red\n', stderr: 'looking\n' })
  })

  it('prints nothing but JSON with --json', async () => {
    const { code, stdout, stderr } = await ran(['look', 'red', '--json'], { isTTY: true })
    expect({ code, stderr }).toEqual({ code: EXIT.NO, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({ what: 'red' })
  })

  it.each([
    ['a terminal', { isTTY: true }, true],
    ['no terminal', {}, false],
    ['NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' } }, false],
    ['an empty NO_COLOR', { isTTY: true, env: { NO_COLOR: '' } }, true],
    ['a dumb terminal', { isTTY: true, env: { TERM: 'dumb' } }, false],
  ] as const)('has colours, or none: %s', async (_name, options, colored) => {
    for (const args of [['look', 'red'], ['--help'], ['group', 'fail'], ['lok']]) {
      const { stdout, stderr } = await ran(args, options)
      expect((stdout + stderr).includes('\u001b[')).toBe(colored)
    }
  })

  it.each([[[]], [['group']], [['--help']], [['-h']], [['help']], [['help', 'look']], [['look', '--help']]])(
    'prints help and is content: %j',
    async (args) => {
      const { code, stdout, stderr } = await ran(args)
      expect({ code, stderr }).toEqual({ code: EXIT.OK, stderr: '' })
      expect(stdout).toContain('Usage: memkeep')
      expect(stdout).toContain('Examples:')
    },
  )

  it('breaks paragraphs of a description where they are shown, and nothing else', async () => {
    const description = 'One paragraph\non two lines.\n\nAnother:\n  as it\n  is'
    const { stdout } = await ran(['a', '--help'], {}, [
      { ...command('a', () => Promise.resolve(EXIT.OK)), description },
    ])
    expect(stdout).toContain('\n\nOne paragraph on two lines.\n\nAnother:\n  as it\n  is\n\n')
  })

  it('prints its version', async () => {
    const { code, stdout } = await ran(['--version'])
    expect(code).toBe(EXIT.OK)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
  })

  it.each([
    [['lok'], "memkeep: unknown command 'lok': did you mean look?\nSee: memkeep --help\n"],
    [['--jason'], "memkeep: unknown option '--jason'\nSee: memkeep --help\n"],
    [['look'], "memkeep: missing required argument 'what'\nSee: memkeep look --help\n"],
    [
      ['look', 'a', '--jsn'],
      "memkeep: unknown option '--jsn': did you mean --json?\nSee: memkeep look --help\n",
    ],
    [['group', 'fial'], "memkeep: unknown command 'fial': did you mean fail?\nSee: memkeep group --help\n"],
    [['group', 'fail'], 'memkeep: It is down: start it. (ERR_MEMKEEP_SERVER_DOWN)\n'],
  ])('says what is wrong: %j', async (args, stderr) => {
    expect(await ran(args)).toEqual({ code: EXIT.FAILED, stdout: '', stderr })
  })

  it.each([
    [['group', 'fail', '--json'], { code: 'ERR_MEMKEEP_SERVER_DOWN', message: 'It is down: start it.' }],
    [['look', '--json'], { message: "missing required argument 'what'" }],
  ])('says it as JSON to machines: %j', async (args, error) => {
    const { code, stdout, stderr } = await ran(args)
    expect({ code, stdout, stderr: JSON.parse(stderr) as unknown }).toEqual({
      ...{ code: EXIT.FAILED, stdout: '', stderr: { error } },
    })
  })

  it('takes --json after "--" for an argument', async () => {
    const { stdout } = await ran(['look', '--', '--json'])
    expect(stdout).toBe('it is --json\n')
  })

  it('is silent about being interrupted, but not about what failed then', async () => {
    const ending = new AbortController()
    const commands = [
      command('stop', ({ signal }) => {
        ending.abort(new Error('stopped'))
        return Promise.reject(signal.reason as Error)
      }),
      command('break', () => {
        ending.abort(new Error('stopped'))
        return Promise.reject(new Error('the file is half written'))
      }),
    ]
    const options = { signal: ending.signal }
    expect(await ran(['stop'], options, commands)).toEqual({ code: EXIT.INTERRUPTED, stdout: '', stderr: '' })
    expect(await ran(['break'], options, commands)).toEqual({
      ...{ code: EXIT.INTERRUPTED, stdout: '', stderr: 'memkeep: the file is half written\n' },
    })
  })
})

describe('main', () => {
  it('is what the installed command runs', async () => {
    const { child, ended } = start(BIN)
    await once(child, 'close')
    expect(ended()).toMatchObject({ code: EXIT.OK, stderr: '' })
    expect(ended().stdout).toContain('Usage: memkeep')
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with 130 on %s', async (signal) => {
    const { child, ended } = start(PROCESS, 'wait')
    await once(child.stderr, 'data')
    child.kill(signal)
    await once(child, 'close')
    expect(ended()).toEqual({ code: EXIT.INTERRUPTED, signal: null, stdout: '', stderr: 'waiting\n' })
  })

  it('ends at the second Ctrl-C whatever the command does', async () => {
    const { child, ended } = start(PROCESS, 'deaf')
    await once(child.stderr, 'data')
    const again = setInterval(() => child.kill('SIGINT'), 20)
    await once(child, 'close')
    clearInterval(again)
    expect(ended()).toMatchObject({ code: null, signal: 'SIGINT' })
  })

  it('goes on to its end without a word when nobody reads any more', async () => {
    const { child, ended } = start(PROCESS, 'talk')
    const stdout = child.stdout
    await once(stdout, 'data')
    stdout.destroy()
    await once(child, 'close')
    expect(ended()).toMatchObject({ code: EXIT.NO, stderr: '' })
  })
})

/** How a process ended, and what it said. */
interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

function start(...args: readonly string[]): {
  child: ChildProcessByStdio<null, Readable, Readable>
  ended: () => Ended
} {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text))
  }
  return { child, ended: () => ({ code: child.exitCode, signal: child.signalCode, ...said }) }
}
