import type { Transport } from '@memkeep/core'
import type { TlsTransport } from '@memkeep/tls'

/** Whether a transport is one of `@memkeep/tls`, which can say what it trusts. */
export function isTls(transport: Transport): transport is TlsTransport {
  return (transport as Partial<TlsTransport>).describe?.().transport === 'tls'
}
