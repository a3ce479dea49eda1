import memjs from 'memjs'
import type { Client } from 'memkeep/internal/bench'
import { CLIENT_TIMEOUT, onlyServer, PLAIN, type Contestant } from './contestant.ts'

interface Got {
  readonly value: Buffer | null
}

/** https://www.npmjs.com/package/memjs */
export const MEMJS: readonly Contestant[] = [false, true].map((sasl) => ({
  name: sasl ? 'memjs SASL' : 'memjs plain',
  kind: 'peer',
  package: 'memjs',
  layers: { ...PLAIN, sasl },
  form: 'buffer',
  open: (target): Promise<Client<Got, readonly Got[], boolean>> => {
    const client = memjs.Client.create(onlyServer(target).address, {
      timeout: CLIENT_TIMEOUT / 1_000,
      retries: 0,
      logger: { log: () => undefined },
      ...(sasl && target.credentials),
    })
    return Promise.resolve({
      get: (key) => client.get(key),
      // it has no command for many
      getMany: (keys) => Promise.all(keys.map((key) => client.get(key))),
      set: (key, value) => client.set(key, value, {}),
      valueOf: (reply) => reply.value,
      valueIn: (replies, _key, position) => replies[position]?.value,
      stored: (reply) => reply,
      close: () => {
        client.close()
        return Promise.resolve()
      },
    })
  },
}))
