import { resolve } from 'node:path'
import { withLock } from '../files/with-lock.ts'
import { replaceFile } from '../files/write-file.ts'
import { defaultFolder, openFolder, type DevFiles } from './folder.ts'
import { prepareMaterial, type Material } from './material.ts'
import { startOnPort } from './port.ts'
import { toEnvironmentFile, type Settings } from './settings.ts'
import { HOST, startHardened, type HardenedServer } from './start.ts'

/** What `memkeep dev` is told. */
export interface DevOptions {
  /** Where certificates, password and keys are kept. Default: {@link defaultFolder}. */
  readonly folder: string | undefined
  readonly port: number | undefined
  readonly auth: 'sasl' | 'ascii' | undefined
  readonly mutualTls: boolean
}

/** A server that runs for somebody who develops. */
export interface DevServer {
  readonly server: HardenedServer
  readonly folder: string
  readonly files: DevFiles
  readonly material: Material
  readonly settings: Settings
}

/**
 * Makes what is missing, starts the server, and writes down how to reach it.
 *
 * @throws TypeError, MemkeepError for the folder; PortInUse; Error for what this machine lacks
 */
export async function startDev(options: DevOptions, signal: AbortSignal): Promise<DevServer> {
  const folder = resolve(options.folder ?? defaultFolder())
  const files = await openFolder(folder)
  const kind = { code: 'ERR_MEMKEEP_CREDENTIALS_UNAVAILABLE', holds: 'settings', secret: true } as const
  const lock = files.lock.replace(/\.lock$/, '')
  const start = async (assertHeld: () => void): Promise<DevServer> => {
    // a folder that lies in a project is not to be committed with it
    await replaceFile(files.ignore, '*\n', kind)
    const material = await prepareMaterial(files)
    assertHeld()
    const { auth, mutualTls } = options
    const server = await startOnPort(options.port, files.port, (port) =>
      startHardened({ material, port, auth, mutualTls }),
    )
    try {
      const settings: Settings = {
        address: `${HOST}:${String(server.port)}`,
        auth: server.auth,
        username: material.credentials.username,
        mutualTls,
        files,
      }
      await replaceFile(files.env, toEnvironmentFile(settings), kind)
      return { server, folder, files, material, settings }
    } catch (error) {
      await server.stop()
      throw error
    }
  }
  try {
    return await withLock(lock, kind, signal, start)
  } catch (error) {
    // Ctrl-C in a terminal also reaches the programs that this one has started, which is no fault of theirs
    signal.throwIfAborted()
    throw error
  }
}

/** Waits until it is told to end, and ends the server. @throws Error with what memcached printed, if that ended first */
export async function untilStopped(server: HardenedServer, signal: AbortSignal): Promise<void> {
  try {
    await aborted(AbortSignal.any([server.ended, signal]))
    if (!signal.aborted) server.ended.throwIfAborted()
  } finally {
    await server.stop()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done()
    else
      signal.addEventListener('abort', () => {
        done()
      })
  })
}
