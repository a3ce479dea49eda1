import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'

/** Folders where packages put programs that a user's PATH may lack. */
const COMMON_FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin']

/** The path of a program on the PATH or in the usual folders, or in those named instead. */
export async function findProgram(
  name: string,
  folders: readonly string[] = programFolders(),
): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name)
    if (await isExecutable(path)) return path
  }
  return undefined
}

/** Whether a file is there that this user may run. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function programFolders(): readonly string[] {
  return [...(process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute), ...COMMON_FOLDERS]
}
