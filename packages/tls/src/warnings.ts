import { displayText } from '@memkeep/core/internal'
import type { ExpiryMessage } from './channels.ts'

let warned = false

/** Warns once in a process that somebody switched verification off. */
export function warnOfSkippedVerification(): void {
  if (warned) return
  warned = true
  process.emitWarning(
    'dangerouslySkipVerification is on: whoever is between here and memcached can read and change everything. Hand in the authority of its certificate as "ca" instead.',
    { code: 'MEMKEEP_TLS_UNVERIFIED' },
  )
}

/** Warns of files that were not taken, where nobody listens. */
export function warnOfReload(error: Error): void {
  process.emitWarning(
    `The certificates were not loaded again, the old ones stay in use: ${displayText(error.message)}`,
    {
      code: 'MEMKEEP_TLS_RELOAD',
    },
  )
}

/** Warns of a certificate that ends soon, where nobody listens. */
export function warnOfExpiry({ owner, server, certificate, daysLeft }: ExpiryMessage): void {
  const whose = owner === 'own' ? 'Our own certificate' : `The certificate of ${String(server)}`
  const when =
    daysLeft < 0
      ? `ended ${certificate.validTo.toISOString()}`
      : `ends in ${daysLeft.toFixed(1)} days, ${certificate.validTo.toISOString()}`
  process.emitWarning(`${whose} (${certificate.subject}) ${when}: renew it.`, { code: 'MEMKEEP_TLS_EXPIRY' })
}
