import { MemkeepError } from '@memkeep/core'
import { chainOf, oneLine } from './certificate.ts'
import type { Established } from './handshake.ts'

/**
 * Whether an error can mean two things: OpenSSL's last word on a chain is that its purpose is wrong, be it that the
 * server's certificate is not for servers, or that one above it is no authority.
 */
export function isAmbiguous(error: unknown): boolean {
  return error instanceof MemkeepError && error.code === 'ERR_MEMKEEP_TLS_WRONG_PURPOSE'
}

/**
 * Tells which it is, by the chain that the server shows on a connection that is not verified and on which nothing
 * is said.
 */
export async function diagnose(
  error: unknown,
  server: string,
  connectUnverified: () => Promise<Established>,
): Promise<unknown> {
  const seen = await connectUnverified().catch(() => undefined)
  seen?.channel.destroy()
  const chain = seen?.certificate === undefined ? [] : chainOf(seen.certificate)
  const issuer = chain.slice(1).find(({ ca }) => !ca)
  if (issuer === undefined) return error
  return new MemkeepError(
    'ERR_MEMKEEP_TLS_INVALID_CHAIN',
    `The certificate of ${server} is issued by one that may not issue it (${oneLine(issuer.subject)}): have an authority with basicConstraints CA:true issue it.`,
    { cause: error },
  )
}
