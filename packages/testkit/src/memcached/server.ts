import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  addSaslUser,
  assertBuiltWith,
  checkCredentials,
  findMemcached,
  setUpAsciiAuth,
  setUpSasl,
  setUpTls,
  startLocalServer,
  waitUntilTaken,
  writeMaterial,
  type CertificatePair,
  type Credentials,
  type ServerMaterial,
  type SetUp,
} from '@memkeep/local-server'
import { createPki, type Pki } from '../pki.ts'
import { partsOf, type Posture } from '../posture.ts'
import { refreshCertificates } from './refresh-certificates.ts'

const HOST = '127.0.0.1'

/** Options of {@link startMemcached}. */
export interface StartOptions {
  /** Certificates to use. Default: made anew. */
  readonly pki?: Pki
  /** What the server shows instead of `pki.server`. */
  readonly serverCertificate?: CertificatePair
  /** The user that the server knows. Default: `memkeep` with a random password. */
  readonly credentials?: Credentials
  /** SASL's `mech_list`. Default: `plain`. */
  readonly mechanisms?: readonly string[]
  /** The port to listen on, such as that of a server that was killed. Default: a free one. */
  readonly port?: number
  /** Listens on a Unix socket instead of TCP, on which memcached never speaks TLS. */
  readonly unixSocket?: boolean
  /** More of memcached's command line. */
  readonly args?: readonly string[]
  /** More of memcached's environment; it comes before what the posture sets. */
  readonly env?: NodeJS.ProcessEnv
}

/** A real memcached that runs for a test. */
export interface MemcachedServer extends AsyncDisposable {
  readonly posture: Posture
  readonly host: string
  /** 0 on a Unix socket. */
  readonly port: number
  /** The Unix socket, if it listens on one. */
  readonly path: string | undefined
  /** `host:port`, or the path. */
  readonly address: string
  /** memcached's own. */
  readonly pid: number
  readonly pki: Pki
  /** What a legitimate client passes to `tls`; empty without TLS. */
  readonly clientTls: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** What a legitimate client authenticates with; undefined where nothing is asked. */
  readonly credentials: Credentials | undefined
  /**
   * Gives the running server other certificates (`refresh_certs`); what is left out stays. Resolves when new
   * connections get them. An authority is added to those that the server has: memcached forgets none before it is
   * started again.
   *
   * @throws TypeError in a posture without TLS, or with SASL, which has no such command
   */
  replaceCertificates(material: Partial<ServerMaterial>): Promise<void>
  /**
   * Gives the running server another password, or another user beside the old one; resolves when it takes them.
   *
   * @throws TypeError in a posture without passwords
   */
  replaceCredentials(credentials: Credentials): Promise<void>
  /** Ends it and removes its files. */
  stop(): Promise<void>
}

/**
 * Starts the real memcached on a free port, or on that given, and resolves when it really answers. It ends with `stop`, or when this
 * process does, however that happens.
 *
 * @throws TypeError when the options cannot work together, RangeError for a port that is none; Error with what memcached printed, when it does not start
 */
export async function startMemcached(posture: Posture, options: StartOptions = {}): Promise<MemcachedServer> {
  const parts = partsOf(posture)
  if (options.unixSocket === true && parts.tls) {
    throw new TypeError('memcached does not speak TLS on a Unix socket: start it on TCP')
  }
  if (options.port !== undefined) checkPort(options.port, options)
  if (options.credentials !== undefined) checkCredentials(options.credentials)
  const binary = await findMemcached()
  assertBuiltWith(binary, { tls: parts.tls, sasl: parts.auth === 'sasl' })
  const pki = options.pki ?? (await createPki())
  const credentials = parts.auth === 'none' ? undefined : (options.credentials ?? makeCredentials())
  const folder = await mkdtemp(join(tmpdir(), 'memkeep-'))
  try {
    const setUps: SetUp[] = []
    let material: ServerMaterial = {
      certificate: options.serverCertificate ?? pki.server,
      ca: pki.ca,
    }
    if (parts.tls) setUps.push(await setUpTls(folder, parts, material))
    if (parts.auth === 'ascii' && credentials !== undefined)
      setUps.push(await setUpAsciiAuth(folder, credentials))
    if (parts.auth === 'sasl' && credentials !== undefined) {
      setUps.push(await setUpSasl(folder, credentials, options.mechanisms ?? ['plain']))
    }
    const path = options.unixSocket === true ? join(folder, 'memcached.sock') : undefined
    const tls = parts.tls ? pki.client : undefined
    const server = await startLocalServer({
      program: binary.path,
      folder,
      listen: path === undefined ? { host: HOST, ...(options.port && { port: options.port }) } : { path },
      setUps,
      ...(tls !== undefined && { tls }),
      protocol: parts.auth === 'sasl' ? 'binary' : 'text',
      ...(options.args !== undefined && { args: options.args }),
      ...(options.env !== undefined && { env: options.env }),
    })
    const { port, pid } = server
    const at = path === undefined ? { host: HOST, port } : { path }
    return {
      posture,
      host: HOST,
      port,
      path,
      address: path ?? `${HOST}:${String(port)}`,
      pid,
      pki,
      clientTls: parts.tls ? { ca: pki.ca, ...(parts.clientCertificate && pki.client) } : {},
      credentials,
      async replaceCertificates(next) {
        if (!parts.tls || parts.auth === 'sasl') {
          throw new TypeError(`A server with ${posture} cannot be told to load certificates: start another`)
        }
        material = { ...material, ...next }
        await writeMaterial(folder, material)
        await refreshCertificates({ host: HOST, port }, pki.client, credentials)
      },
      async replaceCredentials(next) {
        checkCredentials(next)
        if (parts.auth === 'none') throw new TypeError(`A server with ${posture} has no passwords`)
        if (parts.auth === 'sasl') {
          await addSaslUser(join(folder, 'sasldb2'), next)
          return
        }
        await setUpAsciiAuth(folder, next)
        process.kill(server.pid, 'SIGHUP')
        const probe = { at, ...(tls !== undefined && { tls }) }
        await waitUntilTaken(probe, next, server.ended)
      },
      stop: () => server.stop(),
      [Symbol.asyncDispose]: () => server.stop(),
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

function checkPort(port: number, { unixSocket }: StartOptions): void {
  if (unixSocket === true) throw new TypeError('a Unix socket has no port: leave one of the two out')
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`port must be a whole number from 1 to 65535, not ${String(port)}`)
  }
}

function makeCredentials(): Credentials {
  return { username: 'memkeep', password: randomBytes(18).toString('base64url') }
}
