import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemcachedClient } from '@memkeep/client'
import { generateKeyset } from '@memkeep/encryption'
import { startFaultServer, type FaultServer } from '@memkeep/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testContext } from '../test/cli/context.ts'
import { renderServerReport } from './bench/server-table.ts'
import { createAuthority } from './certs/issue.ts'
import { NO_COLORS } from './cli/colors.ts'
import { run } from './cli/main.ts'
import { connect } from './hardening/connect.ts'

/** What clears a screen, sets a title, colours by a C1 control, and starts a new line. */
const HOSTILE = '\x1b[2J\x1b]0;title\x07\x9b31m\x85\x7f'
const UNSAFE = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

/** A server that says something hostile in every place that it can. */
function startHostile(version: string): Promise<FaultServer> {
  return startFaultServer((socket) => {
    socket.setEncoding('latin1').on('data', (text: string) => {
      for (const line of text.split('\r\n')) {
        if (line === 'version') socket.write(Buffer.from(`${version}\r\n`, 'latin1'))
        else if (line === 'mn') socket.write('MN\r\n')
        else if (line.startsWith('stats'))
          socket.write(Buffer.from(`STAT pid ${HOSTILE}\r\nEND\r\n`, 'latin1'))
        else if (/^[a-z]+( |$)/.test(line)) socket.write(Buffer.from(`SERVER_ERROR ${HOSTILE}\r\n`, 'latin1'))
      }
    })
  })
}

let folder: string
let hostile: FaultServer
let foreign: FaultServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkeep-hostile-'))
  await writeFile(join(folder, 'keys.json'), JSON.stringify(generateKeyset()), { mode: 0o600 })
  hostile = await startHostile(`VERSION 1.6.39${HOSTILE}`)
  foreign = await startHostile(HOSTILE)
})
afterAll(async () => {
  await Promise.all([hostile.close(), foreign.close()])
  await rm(folder, { recursive: true })
})

async function printed(...args: readonly string[]): Promise<string> {
  const context = testContext()
  await run(args, context)
  return context.written.stdout + context.written.stderr
}

describe.each([
  ['a version', () => hostile.address],
  ['no version', () => foreign.address],
])("a server's words, where it answers with %s", (_name, address) => {
  it.each([
    ['bench', ['--seconds', '1', '--sizes', '10']],
    ['bench', ['--seconds', '1', '--json']],
    ['keys verify', ['--file', 'keys.json']],
    ['keys verify', ['--file', 'keys.json', '--json']],
    ['doctor', ['--timeout', '20']],
    ['doctor', ['--timeout', '20', '--json']],
  ] as const)('print nothing unsafe: memkeep %s %j', async (command, options) => {
    const args = [...command.split(' '), address(), ...options]
    const text = await printed(...args.map((each) => (each === 'keys.json' ? join(folder, each) : each)))
    expect(text).not.toBe('')
    expect(text).not.toMatch(UNSAFE)
  })

  it('are safe in errors', async () => {
    await using client = new MemcachedClient({ servers: address(), timeout: 2_000 })
    const failures: unknown[] = [
      await client.get('key').catch((error: unknown) => error),
      await client.set('key', 'value').catch((error: unknown) => error),
      await connect(`memcached://${address()}`, { timeout: 2_000 }).catch((error: unknown) => error),
    ]
    for (let error of failures) {
      for (; error instanceof Error; error = error.cause) {
        expect(error.message).not.toMatch(UNSAFE)
        expect(error.stack).not.toMatch(UNSAFE)
      }
    }
  })
})

describe("a certificate's names", () => {
  it('print nothing unsafe, and neither do the names of files', async () => {
    const { cert } = await createAuthority({ name: 'cache\u202e\u2066elpmaxe\u200b' })
    await writeFile(join(folder, 'ca\x1b[2J\n\x9b.pem'), cert)
    for (const options of [[], ['--json']]) {
      const text = await printed('certs', 'inspect', folder, ...options)
      expect(text).toContain('elpmaxe')
      expect(text).not.toMatch(UNSAFE)
      if (options.length === 0) expect(text).toContain('\\u{a}')
    }
  })
})

describe('a measurement', () => {
  it('shows the version without what is unsafe in it', () => {
    const report = {
      server: 'cache1',
      version: HOSTILE,
      prefix: '',
      measurements: [],
      leftOut: [],
      remaining: 0,
    }
    expect(renderServerReport({ ...report, ttl: 60 }, NO_COLORS)).not.toMatch(UNSAFE)
  })
})
