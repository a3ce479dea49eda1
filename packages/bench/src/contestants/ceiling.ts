import { openCeiling } from '../ceiling.ts'
import type { Client } from 'memkeep/internal/bench'
import { onlyServer, PLAIN, type Contestant } from './contestant.ts'

/** What one connection can carry at most, without and with TLS. */
export const CEILINGS: readonly Contestant[] = [false, true].map((tls) => ({
  name: tls ? 'ceiling TLS' : 'ceiling plain',
  kind: 'ceiling',
  layers: { ...PLAIN, tls },
  form: 'buffer',
  open: async (target): Promise<Client<Buffer | undefined, readonly (Buffer | undefined)[], boolean>> => {
    const { host, port } = onlyServer(target)
    const ceiling = await openCeiling({ host, port, ...(tls && { ca: target.ca }) })
    return {
      get: (key) => ceiling.get(key),
      getMany: (keys) => ceiling.getMany(keys),
      set: (key, value) => ceiling.set(key, value),
      valueOf: (reply) => reply,
      valueIn: (replies, _key, position) => replies[position],
      stored: (reply) => reply,
      close: () => ceiling.close(),
    }
  },
}))
