import { encryption, Keyring } from '@memkeep/encryption'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { POSTURES } from '@memkeep/testkit'
import { contract } from '@memkeep/testkit/contract'
import { tls } from '@memkeep/tls'
import type { Authenticator, Middleware, Transport } from '@memkeep/core'
import { MemcachedClient } from './client.ts'

const keyring = Keyring.generate()

contract<Transport, Authenticator, Middleware>({
  name: 'MemcachedClient',
  postures: POSTURES,
  readme: new URL('../README.md', import.meta.url),
  layers: { tls, sasl, asciiAuth, seal: () => encryption({ keyring }), record: (recorder) => recorder },
  open: ({ address }, hardening) => {
    const client = new MemcachedClient({ servers: address, ...hardening })
    return {
      get: (key) => client.get(key),
      set: (key, value, ttl) => client.set(key, value, { ttl }),
      close: () => client.close(),
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
