import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'

const OTHERS_WRITE = 0o002
const OTHERS_ENTER = 0o001

/** Who may connect to a Unix socket: whoever may write to it and enter every folder above it. */
export interface SocketAccess {
  /** The permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Whether every account of the machine may connect. */
  readonly everybody: boolean
  /** The folder above it that keeps others out, where its own mode does not. */
  readonly shutFolder: string | undefined
}

/** @throws what `stat` does */
export async function readSocketAccess(path: string): Promise<SocketAccess> {
  const { mode, uid, gid } = await stat(path)
  const others = (mode & OTHERS_WRITE) !== 0
  const shutFolder = others ? await findShutFolder(path) : undefined
  return { mode: mode & 0o777, uid, gid, everybody: others && shutFolder === undefined, shutFolder }
}

async function findShutFolder(path: string): Promise<string | undefined> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode } = await stat(folder)
    if ((mode & OTHERS_ENTER) === 0) return folder
    if (folder === dirname(folder)) return undefined
  }
}
