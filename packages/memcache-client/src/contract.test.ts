import { MemcachedClient } from '@memkeep/client'
import type { Authenticator, Middleware, Transport } from '@memkeep/core'
import { encryption, Keyring } from '@memkeep/encryption'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { POSTURES } from '@memkeep/testkit'
import { contract } from '@memkeep/testkit/contract'
import { tls } from '@memkeep/tls'
import type { RetrievalCommandResponse } from 'memcache-client'
import { HardenedMemcacheClient } from './hardened-memcache-client.ts'

const keyring = Keyring.generate()

contract<Transport, Authenticator, Middleware>({
  name: 'HardenedMemcacheClient',
  postures: POSTURES,
  readme: new URL('../README.md', import.meta.url),
  layers: { tls, sasl, asciiAuth, seal: () => encryption({ keyring }), record: (recorder) => recorder },
  open: ({ address }, hardening) => {
    const client = new HardenedMemcacheClient({ server: address, ...hardening })
    return {
      get: async (key) => {
        const found: unknown = await client.get(key)
        return (found as RetrievalCommandResponse<Buffer> | undefined)?.value
      },
      set: (key, value, lifetime = 0) => client.set(key, value, { lifetime }),
      close: () => {
        client.shutdown()
        return undefined
      },
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
