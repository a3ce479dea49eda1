import { readFile } from 'node:fs/promises'
import { DEFAULT_PORT } from '@memkeep/core'
import { replaceFile } from '../files/write-file.ts'
import { PortInUse } from './start.ts'

/** Reads a port from the command line. @throws RangeError */
export function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) {
    throw new RangeError('--port must be a whole number from 1 to 65535')
  }
  return port
}

/**
 * Starts a server on the port that was named, else on that of the last time, so that settings stay as they were. The
 * first time it is 11211, or a free one where another server has that.
 *
 * @param file where the port is kept
 * @throws PortInUse
 */
export async function startOnPort<Server extends { readonly port: number }>(
  named: number | undefined,
  file: string,
  start: (port: number | undefined) => Promise<Server>,
): Promise<Server> {
  const kept = named ?? (await readKept(file))
  const server =
    kept === undefined
      ? await start(DEFAULT_PORT).catch((error: unknown) => {
          if (error instanceof PortInUse) return start(undefined)
          throw error
        })
      : await start(kept)
  const kind = { code: 'ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE', holds: 'a port', secret: true } as const
  await replaceFile(file, `${String(server.port)}\n`, kind)
  return server
}

async function readKept(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const port = Number(text)
  return /^\d+\n$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined
}
