import { once } from 'node:events'
import { createConnection } from 'node:net'
import { findMemcached, findProgram } from '@memkeep/local-server'
import { startMemcached } from './server.ts'

/** `SASL LIST MECHS` of the binary protocol. */
const LIST_MECHANISMS = Buffer.alloc(24).fill(0x80, 0, 1).fill(0x20, 1, 2)

/**
 * Names what this machine lacks to run every posture; empty when nothing.
 *
 * @throws Error when `MEMKEEP_MEMCACHED` names no memcached
 */
export async function findMissing(): Promise<readonly string[]> {
  const missing: string[] = []
  if (process.env['MEMKEEP_MEMCACHED'] === undefined && (await findProgram('memcached')) === undefined) {
    missing.push('memcached')
  } else {
    const { path, tls, sasl } = await findMemcached()
    if (!tls) missing.push(`TLS in ${path} (built without --enable-tls)`)
    if (!sasl) missing.push(`SASL in ${path} (built without --enable-sasl)`)
  }
  if ((await findProgram('saslpasswd2')) === undefined) missing.push('saslpasswd2 (adds SASL users)')
  if ((await findProgram('openssl')) === undefined) missing.push('openssl (makes certificates)')
  // only a server that runs can tell which mechanisms are installed
  if (missing.length === 0 && !(await offersPlain())) missing.push('the SASL mechanism PLAIN')
  return missing
}

async function offersPlain(): Promise<boolean> {
  await using server = await startMemcached('sasl')
  const socket = createConnection(server.port, server.host)
  socket.write(LIST_MECHANISMS)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return answer.includes('PLAIN')
}
