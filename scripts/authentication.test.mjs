import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openChannel, parseEndpoint, tcp } from '@memkeep/core'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { startMemcached } from '@memkeep/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocks, run } from './page.mjs'

const PAGE = new URL('../docs/authentication.md', import.meta.url)

let folder
let page
const servers = []

/** Runs every command of the page, as someone does who pastes one block after the other. */
beforeAll(async () => {
  page = await readFile(PAGE, 'utf8')
  folder = await mkdtemp(join(tmpdir(), 'memkeep-authentication-'))
  for (const block of blocks(page, 'sh')) await run(block, folder)
})

afterAll(async () => {
  for (const server of servers) await server.stop()
  await rm(folder, { recursive: true })
})

async function start(posture, options) {
  const server = await startMemcached(posture, options)
  servers.push(server)
  return server
}

/** What the page starts memcached with, in its folder. */
function commandLine(option) {
  const command = blocks(page, 'console').find((text) => text.includes(` ${option}`))
  return command.trim().slice('$ '.length).replaceAll('$PWD', folder)
}

/** The options that the page hands to `sasl`, with its files. */
function pageOptions() {
  const [, username, file, minimumStrength] =
    /sasl\(\{ username: '(\w+)', password: \{ file: '(\w+)' \}, minimumStrength: '([\w-]+)' \}\)/.exec(
      blocks(page, 'ts').join(),
    )
  return { username, password: { file: join(folder, file) }, minimumStrength }
}

async function opens(server, auth) {
  const signal = AbortSignal.timeout(10_000)
  const channel = await openChannel(parseEndpoint(server.address), { transport: tcp(), auth, signal })
  channel.destroy()
}

describe('the page on passwords', () => {
  it('makes files that their owner alone can read', async () => {
    for (const name of ['sasl/sasldb2', 'password', 'users']) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
    }
  })

  it('sets up SASL, and its code is let in', async () => {
    const [, path] = /^SASL_CONF_PATH=(\S+) memcached -S$/.exec(commandLine('-S'))
    const server = await start('sasl', { env: { SASL_CONF_PATH: path } })
    await opens(server, sasl(pageOptions()))
    await expect(opens(server, sasl({ ...pageOptions(), password: 'wrong' }))).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_AUTH_REJECTED',
    })
  })

  it('tells how to give a user another password', async () => {
    const [, path] = /^SASL_CONF_PATH=(\S+) memcached -S$/.exec(commandLine('-S'))
    const server = await start('sasl', { env: { SASL_CONF_PATH: path } })
    const setUp = blocks(page, 'sh').find((block) => block.includes('saslpasswd2'))
    const command = setUp.slice(setUp.indexOf('printf')).replace(/'.*'/, "'another one'").replace(' -c', '')
    await run(command, folder)
    await opens(server, sasl({ username: 'shop', password: 'another one' }))
  })

  it('sets up ASCII authentication', async () => {
    const [, file] = /^memcached -Y (\S+)$/.exec(commandLine('-Y'))
    const server = await start('plain', { args: ['-Y', join(folder, file)] })
    const line = await readFile(join(folder, file), 'utf8')
    const [username, password] = line.trimEnd().split(':')
    await opens(server, asciiAuth({ username, password }))
    await expect(opens(server, asciiAuth({ username, password: 'wrong' }))).rejects.toMatchObject({
      code: 'ERR_MEMKEEP_AUTH_REJECTED',
    })
  })
})
