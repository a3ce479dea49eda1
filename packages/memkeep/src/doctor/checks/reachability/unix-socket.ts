import type { CheckContext, CheckResult } from '../../check.ts'
import { wordedEvidence } from '../../evidence.ts'
import { found } from '../found.ts'
import { readSocketAccess, type SocketAccess } from '../socket-access.ts'
import { REACHABILITY_RULES as RULES } from './rules.ts'

const GROUP_WRITE = 0o020

/** Who may connect to a Unix socket. */
export async function checkUnixSocket(context: CheckContext, path: string): Promise<CheckResult> {
  try {
    const access = await readSocketAccess(path)
    const mode = `mode ${access.mode.toString(8).padStart(4, '0')}`
    const seen = `${mode}, user ${String(access.uid)}, group ${String(access.gid)}`
    const facts = [{ name: 'Socket', value: `${seen}: ${whoMay(access)} may connect` }]
    if (!access.everybody) return { facts }
    const evidence = [wordedEvidence(`stat ${path}`, seen)]
    return { facts, findings: [found(context, RULES.unixSocket, { detail: mode, evidence })] }
  } catch (error) {
    const { code = 'unknown error' } = error as { readonly code?: string }
    return { unknowns: [`Who may connect to the socket: its permissions cannot be read (${code}).`] }
  }
}

function whoMay({ mode, everybody, shutFolder }: SocketAccess): string {
  if (everybody) return 'everybody'
  if (shutFolder !== undefined) return `those who may enter ${shutFolder}`
  return (mode & GROUP_WRITE) === 0 ? 'its user' : 'its user and group'
}
