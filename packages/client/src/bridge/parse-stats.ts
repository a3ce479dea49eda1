import { MAX_KEY_BYTES } from '@memkeep/core'
import { answer, ERROR, type StatsForm, type TextCommand } from './text-command.ts'

/** Groups that the binary protocol has, and those whose names it takes for them by their start. */
const FORMS: ReadonlyMap<string, StatsForm> = new Map<string, StatsForm>([
  ['reset', 'RESET'],
  ['settings', 'list'],
])
const STARTS = /^(?:reset|settings|detail)/

const DETAIL: ReadonlyMap<string, StatsForm> = new Map<string, StatsForm>([
  ['on', 'OK'],
  ['off', 'OK'],
  ['dump', 'dump'],
])

/** Reads `stats [<group> …]` (`protocol.txt`, "Statistics"). */
export function parseStats([, group = '', detail = '']: readonly string[]): TextCommand {
  if (group === 'detail') {
    const form = DETAIL.get(detail)
    if (form === undefined) return answer('CLIENT_ERROR usage: stats detail on|off|dump')
    return { kind: 'stats', group: `detail ${detail}`, form }
  }
  const form = FORMS.get(group)
  if (form !== undefined) return { kind: 'stats', group, form }
  // "resetting" would reset the statistics there, and be unknown here
  if (STARTS.test(group) || group.length > MAX_KEY_BYTES) return ERROR
  return { kind: 'stats', group, form: 'list' }
}
