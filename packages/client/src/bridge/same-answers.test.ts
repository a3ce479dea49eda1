import { startMemcached, type MemcachedServer } from '@memkeep/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBridge, openText, Speaker } from '../../test/bridge/speakers.ts'
import { KEYS, lyingCommand, TAIL, textCommand } from '../../test/bridge/text-commands.ts'

let servers: MemcachedServer[]
let text: Speaker
let bridges: Speaker[]

beforeAll(async () => {
  servers = await Promise.all([startMemcached('plain'), startMemcached('plain'), startMemcached('sasl')])
  const [direct, ...bridged] = servers
  if (direct === undefined) throw new Error('There is no server')
  text = new Speaker(await openText(direct))
  bridges = await Promise.all(bridged.map(async (server) => new Speaker(await openBridge(server))))
})

afterAll(async () => {
  for (const speaker of [text, ...bridges]) speaker[Symbol.dispose]()
  await Promise.all(servers.map((server) => server.stop()))
})

const CLEAN = KEYS.map((key) => `delete ${key}\r\n`).join('')
const UNIQUE = /^(VALUE [^ ]+ \d+ \d+) (\d+)\r$/gm

/** Servers count their items for themselves. */
const withoutUniques = (answer: string): string => answer.replaceAll(UNIQUE, '$1 cas\r')

describe('the answers through the bridge, to a server with and without SASL, are those of a text server', () => {
  it('one command after the other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(textCommand, { maxLength: 25 }), async (commands) => {
        const all = [text, ...bridges]
        const unique = all.map(() => '1')
        for (const speaker of all) await speaker.ask(CLEAN)
        for (const command of commands) {
          const [expected, ...answers] = await Promise.all(
            all.map(async (speaker, index) => {
              const answer = await speaker.ask(command.replaceAll('<cas>', unique[index] ?? ''))
              unique[index] = [...answer.matchAll(UNIQUE)].at(-1)?.[2] ?? unique[index] ?? ''
              return withoutUniques(answer)
            }),
          )
          for (const answer of answers) expect(answer).toBe(expected)
        }
      }),
      { numRuns: 300 },
    )
  }, 120_000)

  it('many commands at once, in pieces of any length, where lengths may lie', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(lyingCommand, { maxLength: 60 }),
        fc.array(fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 3_000 })), { maxLength: 50 }),
        async (commands, lengths) => {
          const said = CLEAN + commands.join('').replaceAll('<cas>', '1') + TAIL
          const expected = withoutUniques(await text.ask(said))
          for (const bridge of bridges) expect(withoutUniques(await bridge.ask(said, lengths))).toBe(expected)
        },
      ),
      { numRuns: 300 },
    )
  }, 120_000)

  it('byte by byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(lyingCommand, { maxLength: 8 }), async (commands) => {
        const said = CLEAN + commands.join('').replaceAll('<cas>', '1') + TAIL
        const expected = withoutUniques(await text.ask(said))
        const lengths = Array.from<number>({ length: Math.min(said.length, 5_000) }).fill(1)
        for (const bridge of bridges) expect(withoutUniques(await bridge.ask(said, lengths))).toBe(expected)
      }),
      { numRuns: 30 },
    )
  }, 120_000)
})
