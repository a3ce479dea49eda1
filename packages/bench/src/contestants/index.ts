import { CEILINGS } from './ceiling.ts'
import type { Contestant } from './contestant.ts'
import { MEMCACHE_CLIENT } from './memcache-client.ts'
import { MEMCACHE } from './memcache.ts'
import { MEMCACHED } from './memcached.ts'
import { MEMJS } from './memjs.ts'
import { MEMKEEP } from './memkeep.ts'

/** Everyone who runs, each in all postures that it can. */
export const contestants: readonly Contestant[] = [
  ...CEILINGS,
  ...MEMKEEP,
  ...MEMCACHE_CLIENT,
  ...MEMJS,
  MEMCACHED,
  ...MEMCACHE,
]
