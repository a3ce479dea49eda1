import { once } from 'node:events'
import { connect } from 'node:tls'
import type { CertificatePair, Credentials } from '@memkeep/local-server'

/** Tells a server to load its certificates again (`refresh_certs` of memcached's `protocol.txt`). */
export async function refreshCertificates(
  at: { readonly host: string; readonly port: number },
  certificate: CertificatePair,
  credentials: Credentials | undefined,
): Promise<void> {
  // what it shows until now does not matter here
  const socket = connect({ ...at, ...certificate, rejectUnauthorized: false })
  try {
    if (credentials !== undefined) {
      const value = `${credentials.username} ${credentials.password}`
      await ask(`set x 0 0 ${String(Buffer.byteLength(value))}\r\n${value}`, 'STORED')
    }
    await ask('refresh_certs', 'OK')
  } finally {
    socket.destroy()
  }

  async function ask(command: string, expected: string): Promise<void> {
    socket.write(`${command}\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    const line = answer.toString().trimEnd()
    if (line !== expected) throw new Error(`memcached did not load its certificates: ${line}`)
  }
}
