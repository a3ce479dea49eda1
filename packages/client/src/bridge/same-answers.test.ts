import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  KEYS,
  lyingCommand,
  NO_UNIQUE,
  READ_ALL,
  soundCommand,
  TAIL,
  textCommand,
} from '../../test/bridge/text-commands.ts'
import { startThreeServers, type ThreeServers } from '../../test/bridge/three-servers.ts'

let servers: ThreeServers

beforeAll(async () => {
  servers = await startThreeServers()
})

afterAll(async () => {
  await servers[Symbol.asyncDispose]()
})

/**
 * The same sequences in every run: what memcached makes of a length that lies may hang on how the kernel splits what
 * it is sent, which no test is to draw anew.
 */
const SEED = 1

const CLEAN = KEYS.map((key) => `set ${key} 0 -1 0\r\n\r\n`).join('')
const UNIQUE = /^(VALUE [^ ]+ \d+ \d+) (\d+)\r$/gm

/** Lines that are no commands, which not every server refuses in the same words. */
const tail = (): string => (servers.refusesAlike ? TAIL : '')

/** Servers count their items for themselves. */
const withoutUniques = (answer: string): string => answer.replaceAll(UNIQUE, '$1 cas\r')

describe('the answers through the bridge, to a server with and without SASL, are those of a text server', () => {
  it('one command after the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(servers.refusesAlike ? textCommand : soundCommand, { maxLength: 25 }),
        async (commands) => {
          const all = [servers.text, ...servers.bridges]
          const unique = all.map(() => NO_UNIQUE)
          for (const speaker of all) await speaker.ask(CLEAN)
          for (const command of [...commands, READ_ALL]) {
            const [expected, ...answers] = await Promise.all(
              all.map(async (speaker, index) => {
                const answer = await speaker.ask(command.replaceAll('<cas>', unique[index] ?? ''))
                unique[index] = [...answer.matchAll(UNIQUE)].at(-1)?.[2] ?? unique[index] ?? ''
                return withoutUniques(answer)
              }),
            )
            for (const answer of answers) expect(answer).toBe(expected)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('many commands at once, in pieces of any length, where lengths may lie', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(servers.refusesAlike ? lyingCommand : soundCommand, { maxLength: 60 }),
        fc.array(fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 3_000 })), { maxLength: 50 }),
        async (commands, lengths) => {
          const said = CLEAN + commands.join('').replaceAll('<cas>', NO_UNIQUE) + tail() + READ_ALL
          const expected = withoutUniques(await servers.text.ask(said))
          for (const bridge of servers.bridges)
            expect(withoutUniques(await bridge.ask(said, lengths))).toBe(expected)
        },
      ),
      { numRuns: 300, seed: SEED },
    )
  })

  it('byte by byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(servers.refusesAlike ? lyingCommand : soundCommand, { maxLength: 8 }),
        async (commands) => {
          const said = CLEAN + commands.join('').replaceAll('<cas>', NO_UNIQUE) + tail() + READ_ALL
          const expected = withoutUniques(await servers.text.ask(said))
          const lengths = Array.from<number>({ length: Math.min(said.length, 5_000) }).fill(1)
          for (const bridge of servers.bridges)
            expect(withoutUniques(await bridge.ask(said, lengths))).toBe(expected)
        },
      ),
      { numRuns: 30, seed: SEED },
    )
  })
})
