import { formatEndpoint, type Endpoint } from '@memkeep/core'
import { encodeBinaryRequest, exchange, parseBinaryResponse } from '@memkeep/core/internal'
import { tls } from '@memkeep/tls'
import type { CertificatePair } from '../certs/authority.ts'

/** `SASL LIST MECHS` of the binary protocol, which answers anybody. */
const LIST_MECHANISMS = 0x20
const PATIENCE = 5_000

/** The SASL mechanisms that a server over TLS offers, as it names them; none when Cyrus has none installed. */
export async function listMechanisms(
  endpoint: Endpoint,
  ca: string,
  { cert, key }: CertificatePair,
): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(PATIENCE)
  const channel = await tls({ ca, cert, key }).connect(endpoint, { signal })
  try {
    const request = encodeBinaryRequest({ opcode: LIST_MECHANISMS })
    const { value } = await exchange(channel, request, parseBinaryResponse, {
      server: formatEndpoint(endpoint),
      signal,
    })
    return value
      .toString('latin1')
      .split(' ')
      .filter((name) => name !== '')
  } finally {
    channel.destroy()
  }
}
