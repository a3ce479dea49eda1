import type { CommandGroup } from '../../cli/definition.ts'
import { ca } from './ca.ts'
import { client } from './client.ts'
import { inspect } from './inspect.ts'
import { renew } from './renew.ts'
import { server } from './server.ts'

/** `memkeep certs …` */
export const certs: CommandGroup = {
  name: 'certs',
  summary: 'make certificates for TLS, for development and small private fleets',
  description:
    'Makes a certificate authority, and issues and renews certificates of memcached and of its clients. For development and small private fleets: whoever reads ca.key can pose as every server and client.',
  commands: [ca, server, client, renew, inspect],
}
