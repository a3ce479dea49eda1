import { MemcachedClient } from '@memkeep/client'
import type { Authenticator, Middleware, Transport } from '@memkeep/core'
import { encryption, Keyring } from '@memkeep/encryption'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { POSTURES } from '@memkeep/testkit'
import { contract } from '@memkeep/testkit/contract'
import { tls } from '@memkeep/tls'
import { createMemcachedCache } from './create-memcached-cache.ts'

const keyring = Keyring.generate()

contract<Transport, Authenticator, Middleware>({
  name: 'createMemcachedCache',
  postures: POSTURES,
  readme: new URL('../README.md', import.meta.url),
  layers: { tls, sasl, asciiAuth, seal: () => encryption({ keyring }), record: (recorder) => recorder },
  open: ({ address }, hardening) => {
    let fault: unknown
    const cache = createMemcachedCache({
      servers: address,
      ...hardening,
      onError: (error) => {
        fault = error
      },
    })
    /** A cache goes on as an empty one; the contract asks whether it was told. */
    const told = async <T>(asked: Promise<T>): Promise<T> => {
      fault = undefined
      const answer = await asked
      if (fault !== undefined) throw fault instanceof Error ? fault : new Error('It failed')
      return answer
    }
    return {
      get: (key) => told(cache.get<Buffer>(key)),
      set: (key, value, ttl) => told(cache.set(key, value, ttl === undefined ? undefined : ttl * 1_000)),
      close: () => cache.disconnect(),
    }
  },
  insider: ({ address }, hardening) => {
    const client = new MemcachedClient({ servers: address, ...hardening })
    return {
      read: (name) => client.gets(name),
      write: (name, { value, flags }) => client.set(name, value, { flags }),
      close: () => client.close(),
    }
  },
})
