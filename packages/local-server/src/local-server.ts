import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { neededEnvironment } from './environment.ts'
import { startGuarded } from './guard.ts'
import { readPort, waitUntilAnswers, type Probe } from './readiness.ts'
import type { CertificatePair, SetUp } from './set-up.ts'

/** What every system's `sun_path` holds; memcached cuts a longer path short and says nothing. */
const MAX_SOCKET_PATH_BYTES = 103

/** Options of {@link startLocalServer}. */
export interface LocalServerOptions {
  /** The path of memcached. */
  readonly program: string
  /** Where the server's files are; removed when it ends. */
  readonly folder: string
  /** An address of this machine, with a free port where none is named, or the path of a Unix socket. */
  readonly listen: { readonly host: string; readonly port?: number } | { readonly path: string }
  readonly setUps: readonly SetUp[]
  /** How it is asked whether it runs: over TLS, with a certificate of ours if it wants one. */
  readonly tls?: Partial<CertificatePair>
  /** What it speaks: `binary` with SASL. */
  readonly protocol: 'text' | 'binary'
  /** More of memcached's command line. */
  readonly args?: readonly string[]
  /** More of memcached's environment. */
  readonly env?: NodeJS.ProcessEnv
}

/** A memcached that runs. */
export interface LocalServer {
  /** memcached's own. */
  readonly pid: number
  /** 0 on a Unix socket. */
  readonly port: number
  /** Aborted when it has ended; the reason is an Error that says how, with what it printed. */
  readonly ended: AbortSignal
  /** Ends it; resolves when it is gone and its folder removed. */
  stop(): Promise<void>
}

/**
 * Starts memcached and resolves when it really answers. It ends with `stop`, or when this process does, however that
 * happens. The folder is removed then, and also when it does not start.
 *
 * @throws Error with what memcached printed, when it does not start
 */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  try {
    return await start(options)
  } catch (error) {
    await rm(options.folder, { recursive: true, force: true })
    throw error
  }
}

async function start(options: LocalServerOptions): Promise<LocalServer> {
  const { program, folder, listen, setUps, tls, protocol, args = [], env = {} } = options
  if ('path' in listen && Buffer.byteLength(listen.path) > MAX_SOCKET_PATH_BYTES) {
    throw new Error(`${listen.path} is too long for a Unix socket: choose a shorter path, as by TMPDIR.`)
  }
  const portFile = join(folder, 'port')
  const server = await startGuarded(
    folder,
    [
      program,
      ...('path' in listen ? ['-s', listen.path] : ['-l', listen.host, '-p', String(listen.port ?? -1)]),
      ...['-U', '0', '-t', '2', '-m', '64'],
      // as root it demands to be told which user to become
      ...(process.getuid?.() === 0 ? ['-u', 'root'] : []),
      ...setUps.flatMap((setUp) => setUp.args),
      ...args,
    ],
    {
      ...neededEnvironment(process.env),
      MEMCACHED_PORT_FILENAME: portFile,
      ...setUps.reduce<NodeJS.ProcessEnv>((all, setUp) => ({ ...all, ...setUp.env }), {}),
      ...env,
    },
  )
  try {
    const port = 'path' in listen ? 0 : await readPort(portFile, server.ended)
    const at: Probe['at'] = 'path' in listen ? listen : { host: listen.host, port }
    await waitUntilAnswers({ at, ...(tls !== undefined && { tls }), protocol }, server.ended)
    return { ...server, port }
  } catch (error) {
    await server.stop()
    throw error
  }
}
