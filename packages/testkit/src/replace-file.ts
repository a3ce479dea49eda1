import { chmod, rename, writeFile } from 'node:fs/promises'

/** Replaces a file as a whole, as a careful operator does: whoever reads it finds the old content or the new one. */
export async function replaceFile(path: string, content: string, mode = 0o600): Promise<void> {
  const next = `${path}.new`
  await writeFile(next, content)
  await chmod(next, mode)
  await rename(next, path)
}
