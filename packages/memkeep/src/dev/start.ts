import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  assertBuiltWith,
  findMemcached,
  findProgram,
  installHint,
  setUpAsciiAuth,
  setUpSasl,
  setUpTls,
  startLocalServer,
  type LocalServer,
  type MemcachedBinary,
  type SetUp,
} from '@memkeep/local-server'
import type { Material } from './material.ts'
import { listMechanisms } from './mechanisms.ts'

export const HOST = '127.0.0.1'
/** What is asked of Cyrus, strongest first; PLAIN is for clients that know no other, and crosses TLS. */
const WANTED = ['scram-sha-256', 'plain']

/** Of TLS 1.2, only what authenticates as it encrypts; 1.3 has nothing else (RFC 9325, section 4.2). */
const STRONG_SUITES = ['-o', 'ssl_ciphers=ECDHE+AESGCM:ECDHE+CHACHA20']

/** How a server is to run. */
export interface StartOptions {
  readonly material: Material
  /** A free one where none is named. */
  readonly port: number | undefined
  /** Undefined for SASL where this machine has it, else ASCII authentication. */
  readonly auth: 'sasl' | 'ascii' | undefined
  readonly mutualTls: boolean
}

/** A hardened server that runs. */
export interface HardenedServer extends LocalServer {
  readonly binary: MemcachedBinary
  readonly auth: 'sasl' | 'ascii'
  /** What SASL offers; empty with ASCII authentication. */
  readonly mechanisms: readonly string[]
  /** Why there is no SASL, where it was not said that there should be none. */
  readonly withoutSasl: string | undefined
}

/** Another server has the port already. */
export class PortInUse extends Error {
  override readonly name = 'PortInUse'
}

/**
 * Starts the installed memcached with TLS and passwords on loopback.
 *
 * @throws PortInUse
 * @throws Error that says what to install or to do
 */
export async function startHardened(options: StartOptions): Promise<HardenedServer> {
  const binary = await findMemcached()
  assertBuiltWith(binary, { tls: true, sasl: options.auth === 'sasl' })
  if (options.auth === 'ascii') return { ...(await start(binary, 'ascii', options)), withoutSasl: undefined }
  const lacking = await lackingForSasl(binary)
  if (lacking === undefined) {
    const server = await start(binary, 'sasl', options)
    if (server.mechanisms.length > 0) return { ...server, withoutSasl: undefined }
    await server.stop()
  }
  const why = `${lacking ?? 'Cyrus SASL has none of its mechanisms installed'}${await installHint(['sasl'])}`
  if (options.auth === 'sasl') throw new Error(`There is no SASL here: ${why}. Or use --auth ascii.`)
  return { ...(await start(binary, 'ascii', options)), withoutSasl: why }
}

async function lackingForSasl(binary: MemcachedBinary): Promise<string | undefined> {
  if (!binary.sasl) return `${binary.path} was built without --enable-sasl`
  return (await findProgram('saslpasswd2')) === undefined ? 'there is no saslpasswd2' : undefined
}

async function start(
  binary: MemcachedBinary,
  auth: 'sasl' | 'ascii',
  { material, port, mutualTls }: StartOptions,
): Promise<Omit<HardenedServer, 'withoutSasl'>> {
  const { authority, server: certificate, client, credentials } = material
  const folder = await mkdtemp(join(tmpdir(), 'memkeep-dev-'))
  const listen = { host: HOST, ...(port !== undefined && { port }) }
  try {
    const setUps: readonly SetUp[] = [
      await setUpTls(folder, { clientCertificate: mutualTls }, { certificate, ca: authority.cert }),
      auth === 'sasl'
        ? await setUpSasl(folder, credentials, WANTED)
        : await setUpAsciiAuth(folder, credentials),
    ]
    const protocol = auth === 'sasl' ? 'binary' : 'text'
    const options = {
      program: binary.path,
      folder,
      listen,
      setUps,
      tls: client,
      protocol,
      args: STRONG_SUITES,
    } as const
    const server = await startLocalServer(options).catch((cause: unknown) => {
      throw inWords(cause, port)
    })
    try {
      const endpoint = { host: HOST, port: server.port }
      const mechanisms = auth === 'sasl' ? await listMechanisms(endpoint, authority.cert, client) : []
      return { ...server, binary, auth, mechanisms }
    } catch (error) {
      await server.stop()
      throw error
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

function inWords(cause: unknown, port: number | undefined): unknown {
  if (!(cause instanceof Error) || !/Address already in use/i.test(cause.message)) return cause
  return new PortInUse(
    `Port ${String(port)} of ${HOST} is in use, perhaps by another memkeep dev: end what listens there, or choose another with --port.`,
    { cause },
  )
}
