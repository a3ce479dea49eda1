import type { Check } from '../check.ts'
import type { Area } from '../finding.ts'
import { checkAuthentication } from './authentication/index.ts'
import { checkData } from './data/index.ts'
import { checkDisclosure } from './disclosure/index.ts'
import { checkReachability } from './reachability/index.ts'
import { checkTls } from './tls/index.ts'
import { checkVersion } from './version.ts'

/** Every check, in the order in which they run and report. */
export const CHECKS: readonly (readonly [area: Area, check: Check])[] = [
  ['reachability', checkReachability],
  ['tls', checkTls],
  ['authentication', checkAuthentication],
  ['disclosure', checkDisclosure],
  ['version', checkVersion],
  // finds what there is to find of keys as well: one sample serves both
  ['data', checkData],
]
