import type { Check } from '../check.ts'
import type { Area } from '../finding.ts'
import { checkReachability } from './reachability/index.ts'
import { checkTls } from './tls/index.ts'

/** Every check, in the order in which they run and report. */
export const CHECKS: readonly (readonly [area: Area, check: Check])[] = [
  ['reachability', checkReachability],
  ['tls', checkTls],
]
