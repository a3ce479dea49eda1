import type { Check } from '../check.ts'
import type { Area } from '../finding.ts'

/** Every check, in the order in which they run and report. */
export const CHECKS: readonly (readonly [area: Area, check: Check])[] = []
