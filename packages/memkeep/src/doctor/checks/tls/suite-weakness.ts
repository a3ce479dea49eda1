import { isTls13Suite, suiteName } from '../../tls-wire/suites.ts'
import type { CurableRule } from '../found.ts'
import { TLS_RULES as RULES } from './rules.ts'

/** What names of cipher suites give away, the worst first. */
const WEAKNESSES: readonly (readonly [name: RegExp, rule: CurableRule])[] = [
  [/_NULL_/, RULES.unencrypted],
  [/_anon_/, RULES.anonymous],
  [/_EXPORT_/, RULES.exportGrade],
  [/_(RC4|RC2|DES|DES40)_|_MD5$/, RULES.brokenCipher],
  [/_(3DES|IDEA)_/, RULES.smallBlock],
  [/^TLS_(RSA|DH|ECDH)_/, RULES.noForwardSecrecy],
  [/_CBC_/, RULES.cbc],
]

/** What is worst about a cipher suite; undefined where nothing is. Those of TLS 1.3 are all good. */
export function weaknessOf(suite: number): CurableRule | undefined {
  if (isTls13Suite(suite)) return undefined
  return WEAKNESSES.find(([name]) => name.test(suiteName(suite)))?.[1]
}
