import { startMemcached } from '@memkeep/testkit'
import { openBridge, openText, Speaker } from './speakers.ts'

/** The same questions to three servers. */
export interface ThreeServers extends AsyncDisposable {
  /** Speaks text with a server itself. */
  readonly text: Speaker
  /**
   * Whether that server refuses malformed commands in the words of memcached 1.6.18, which are the bridge's: later
   * ones have others.
   */
  readonly refusesAlike: boolean
  /** Those whose refusals can be compared: all, or the bridges alone. */
  readonly alike: readonly Speaker[]
  /** Through the bridge to a server without SASL, and to one with it. */
  readonly bridges: readonly Speaker[]
}

/** Starts a server to speak text with, and two to speak with through the bridge. */
export async function startThreeServers(args: readonly string[] = []): Promise<ThreeServers> {
  const direct = await startMemcached('plain', { args })
  const bridged = [await startMemcached('plain', { args }), await startMemcached('sasl', { args })]
  const text = new Speaker(await openText(direct))
  const bridges = await Promise.all(bridged.map(async (server) => new Speaker(await openBridge(server))))
  const refusesAlike = (await text.ask('get\r\n')) === 'ERROR\r\n'
  return {
    text,
    refusesAlike,
    alike: refusesAlike ? [text, ...bridges] : bridges,
    bridges,
    async [Symbol.asyncDispose]() {
      for (const speaker of [text, ...bridges]) speaker[Symbol.dispose]()
      await Promise.all([direct, ...bridged].map((server) => server.stop()))
    },
  }
}
