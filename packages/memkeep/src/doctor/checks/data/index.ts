import type { Check, CheckResult } from '../../check.ts'
import { judgeKeys } from '../keys/index.ts'
import { judgeSample } from './judge.ts'
import { takeSample } from './sample.ts'

/**
 * What lies in the cache, as a friend sees it in a sample: whether it is sealed, under which keys, and what the names
 * of keys give away; with a keyring, how it fits. Neither names nor values are kept or shown.
 */
export const checkData: Check = async (context): Promise<CheckResult> => {
  const { keyring } = context
  const sample = context.hasFriend
    ? await takeSample(context)
    : 'Whether stored values are encrypted: only a friend may look (--friend where no credentials are asked for, else --ca, --cert, --username …).'
  if (typeof sample === 'string') {
    const keys = 'Whether the keyring fits what lies in the cache: nothing of it could be looked at.'
    return { unknowns: keyring === undefined ? [sample] : [sample, keys] }
  }
  const data = judgeSample(context, sample)
  const keys = keyring === undefined ? {} : judgeKeys(context, keyring, sample)
  return {
    facts: [...(data.facts ?? []), ...(keys.facts ?? [])],
    findings: [...(data.findings ?? []), ...(keys.findings ?? [])],
    unknowns: [...(data.unknowns ?? []), ...(keys.unknowns ?? [])],
  }
}
