import { MemcachedClient } from '@memkeep/client'
import type { Authenticator, Middleware, Transport } from '@memkeep/core'
import { encryption, Keyring } from '@memkeep/encryption'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { POSTURES } from '@memkeep/testkit'
import { contract } from '@memkeep/testkit/contract'
import { tls } from '@memkeep/tls'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { KeyvMemcached } from './keyv-memcached.ts'
import type { KeyvMemcachedOptions } from './options.ts'
import { KeyvMemcached as ForKeyv6 } from './v6.ts'

const keyring = Keyring.generate()

/** A Keyv of either generation that throws what goes wrong. */
function keyvOf(generation: 5 | 6, options: KeyvMemcachedOptions): Pick<Keyv6, 'get' | 'set' | 'disconnect'> {
  if (generation === 6) return new Keyv6({ store: new ForKeyv6(options), throwOnErrors: true })
  const cache = new Keyv({ store: new KeyvMemcached(options), throwOnErrors: true })
  // Keyv 5 has one of its own
  cache.namespace = undefined
  return cache
}

for (const generation of [5, 6] as const) {
  contract<Transport, Authenticator, Middleware>({
    name: `Keyv ${String(generation)} over KeyvMemcached`,
    postures: POSTURES,
    readme: new URL('../README.md', import.meta.url),
    layers: { tls, sasl, asciiAuth, seal: () => encryption({ keyring }), record: (recorder) => recorder },
    open: ({ address }, hardening) => {
      const cache = keyvOf(generation, { servers: address, ...hardening })
      return {
        get: (key) => cache.get<Buffer>(key),
        set: (key, value, ttl) => cache.set(key, value, ttl === undefined ? undefined : ttl * 1_000),
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
}
