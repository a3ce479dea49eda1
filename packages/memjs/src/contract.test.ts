import { MemcachedClient } from '@memkeep/client'
import type { Authenticator, Middleware, Transport } from '@memkeep/core'
import { encryption, Keyring } from '@memkeep/encryption'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { partsOf, POSTURES } from '@memkeep/testkit'
import { contract } from '@memkeep/testkit/contract'
import { tls } from '@memkeep/tls'
import { HardenedMemjsClient } from './hardened-memjs-client.ts'

const keyring = Keyring.generate()

contract<Transport, Authenticator, Middleware>({
  name: 'HardenedMemjsClient',
  postures: POSTURES.filter((posture) => partsOf(posture).auth !== 'ascii'),
  readme: new URL('../README.md', import.meta.url),
  layers: { tls, sasl, asciiAuth, seal: () => encryption({ keyring }), record: (recorder) => recorder },
  open: ({ address }, hardening) => {
    const client = HardenedMemjsClient.create(address, {
      timeout: 20,
      retries: 1,
      logger: { log: () => undefined },
      ...hardening,
    })
    return {
      get: async (key) => (await client.get(key)).value ?? undefined,
      set: (key, value, expires) => client.set(key, value, { expires }),
      close: () => {
        client.close()
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
