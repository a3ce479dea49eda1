import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CheckContext, CheckResult } from '../../check.ts'
import { wordedEvidence } from '../../evidence.ts'
import { found } from '../found.ts'
import { REACHABILITY_RULES as RULES } from './rules.ts'

const OTHERS_WRITE = 0o002
const OTHERS_ENTER = 0o001
const GROUP_WRITE = 0o020

/** Who may connect to a Unix socket: whoever may write to it and enter every folder above it. */
export async function checkUnixSocket(context: CheckContext, path: string): Promise<CheckResult> {
  try {
    const { mode, uid, gid } = await stat(path)
    const access = (mode & 0o777).toString(8).padStart(4, '0')
    const others = (mode & OTHERS_WRITE) !== 0
    const shut = others ? await findShutFolder(path) : undefined
    const facts = [
      {
        name: 'Socket',
        value: `mode ${access}, user ${String(uid)}, group ${String(gid)}: ${whoMay(mode, shut)} may connect`,
      },
    ]
    if (!others || shut !== undefined) return { facts }
    const evidence = [
      wordedEvidence(`stat ${path}`, `mode ${access}, user ${String(uid)}, group ${String(gid)}`),
    ]
    return { facts, findings: [found(context, RULES.unixSocket, { detail: `mode ${access}`, evidence })] }
  } catch (error) {
    const { code = 'unknown error' } = error as { readonly code?: string }
    return { unknowns: [`Who may connect to the socket: its permissions cannot be read (${code}).`] }
  }
}

/** The folder above it that keeps others out. */
async function findShutFolder(path: string): Promise<string | undefined> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode } = await stat(folder)
    if ((mode & OTHERS_ENTER) === 0) return folder
    if (folder === dirname(folder)) return undefined
  }
}

function whoMay(mode: number, shut: string | undefined): string {
  if ((mode & OTHERS_WRITE) !== 0) {
    return shut === undefined ? 'everybody' : `those who may enter ${shut}`
  }
  return (mode & GROUP_WRITE) === 0 ? 'its user' : 'its user and group'
}
