import Memcached from 'memcached'
import type { Client } from 'memkeep/internal/bench'
import { onlyServer, PLAIN, type Contestant } from './contestant.ts'

/** https://www.npmjs.com/package/memcached, with the pool of ten connections that it comes with. */
export const MEMCACHED: Contestant = {
  name: 'memcached plain',
  kind: 'peer',
  package: 'memcached',
  layers: PLAIN,
  form: 'string',
  open: (target): Promise<Client<unknown, Readonly<Record<string, unknown>>, boolean>> => {
    const client = new Memcached(onlyServer(target).address)
    return Promise.resolve({
      get: (key) =>
        promise((done) => {
          client.get(key, done)
        }),
      getMany: (keys) =>
        promise((done) => {
          client.getMulti([...keys], done)
        }),
      set: (key, value) =>
        promise((done) => {
          client.set(key, value, 0, done)
        }),
      valueOf: (reply) => reply,
      valueIn: (replies, key) => replies[key],
      stored: (reply) => reply,
      close: () => {
        client.end()
        return Promise.resolve()
      },
    })
  },
}

/** The promise that its callbacks lack. */
function promise<T>(call: (done: (error: unknown, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (error === undefined || error === null || error === false) resolve(value)
      else reject(error instanceof Error ? error : new Error(describe(error)))
    })
  })
}

function describe(error: unknown): string {
  return typeof error === 'string' ? error : JSON.stringify(error)
}
