import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { testContext } from '../../test/cli/context.ts'
import { COMMANDS } from '../commands/index.ts'
import type { CommandDefinition } from './definition.ts'
import { EXIT } from './exit-code.ts'
import { run } from './main.ts'
import { buildProgram } from './program.ts'

/** Every command with the words that name it. */
const ALL: readonly { readonly path: readonly string[]; readonly definition: CommandDefinition }[] =
  COMMANDS.flatMap((entry) =>
    'commands' in entry
      ? entry.commands.map((definition) => ({ path: [entry.name, wordOf(definition)], definition }))
      : [{ path: [wordOf(entry)], definition: entry }],
  )
const GROUPS: readonly string[] = COMMANDS.flatMap((entry) => ('commands' in entry ? [entry.name] : []))

const named = ALL.map(({ path, definition }) => [path.join(' '), path, definition] as const)

describe('memkeep', () => {
  it.each([[[]], ...GROUPS.map((name) => [[name]])])('%j: its help', async (path) => {
    expect(await ran([...path, '--help'])).toMatchSnapshot()
  })
})

describe.each(named)('memkeep %s', (_name, path, definition) => {
  const required = definition.name.includes('<')

  it('has a help', async () => {
    const { code, stdout, stderr } = await ran([...path, '--help'])
    expect({ code, stderr }).toEqual({ code: EXIT.OK, stderr: '' })
    expect(stdout).toMatchSnapshot()
  })

  it('refuses what it does not know, and to go without its arguments', async () => {
    const wrong = [[...path, '--no-such-option'], ...(required ? [path] : [])]
    for (const args of wrong) {
      const { code, stdout, stderr } = await ran(args)
      expect({ code, stdout }).toEqual({ code: EXIT.FAILED, stdout: '' })
      expect(stderr).toMatchSnapshot(args.slice(path.length).join(' '))
    }
  })

  it('says so as JSON too', async () => {
    const { code, stdout, stderr } = await ran([...path, '--json', '--no-such-option'])
    expect({ code, stdout }).toEqual({ code: EXIT.FAILED, stdout: '' })
    expect(JSON.parse(stderr)).toEqual({ error: { message: "unknown option '--no-such-option'" } })
  })

  it('describes every option and argument', () => {
    const command = commandOf(path)
    for (const { flags, description } of command.options) expect(`${flags} ${description}`).not.toMatch(/ $/)
    for (const argument of command.registeredArguments) {
      expect(`${argument.name()} ${argument.description}`).not.toMatch(/ $/)
    }
  })

  it('has examples that parse', () => {
    expect(definition.examples.length).toBeGreaterThan(0)
    for (const { line, does } of definition.examples) {
      expect(does).not.toBe('')
      const [words] = invocations(line)
      expect(words?.slice(0, path.length), line).toEqual(path)
      for (const each of invocations(line)) {
        expect(() => {
          parse(each)
        }, line).not.toThrow()
      }
    }
  })
})

function wordOf({ name }: CommandDefinition): string {
  return name.split(' ')[0] ?? ''
}

async function ran(
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const context = testContext()
  const code = await run(args, context)
  return { code, ...context.written }
}

function commandOf(path: readonly string[]): Command {
  let command = buildProgram(testContext(), () => undefined)
  for (const word of path) {
    const next = command.commands.find((each) => each.name() === word)
    if (next === undefined) throw new Error(`There is no ${path.join(' ')}`)
    command = next
  }
  return command
}

/** Parses a command line as `memkeep` does, and does nothing. @throws CommanderError */
function parse(words: readonly string[]): void {
  const idle = (definition: CommandDefinition): CommandDefinition => ({
    ...definition,
    run: () => Promise.resolve(EXIT.OK),
  })
  const commands = COMMANDS.map((entry) =>
    'commands' in entry ? { ...entry, commands: entry.commands.map(idle) } : idle(entry),
  )
  buildProgram(testContext(), () => undefined, commands).parse([...words], { from: 'user' })
}

/** What a line of a shell gives to memkeep, each time that it runs it; enough of a shell for examples. */
function invocations(line: string): readonly (readonly string[])[] {
  return line
    .split(/<\(|[()|;]|&&/)
    .map((part) => part.replace(/\s\d?>>?\s*\S+/g, '').match(/'[^']*'|"[^"]*"|\S+/g) ?? [])
    .map((words) => words.map((word) => word.replace(/^(['"])(.*)\1$/, '$2')))
    .map((words) => words.slice(words.findIndex((word) => !/^\w+=/.test(word))))
    .flatMap(([program, ...words]) => (program === 'memkeep' ? [words] : []))
}
