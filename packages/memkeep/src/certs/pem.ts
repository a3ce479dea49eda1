import { X509Certificate } from 'node:crypto'
import { MemkeepError } from '@memkeep/core'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/**
 * The certificates of a PEM text, in order; what else is in it is passed over.
 *
 * @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL` for none, or one that is no certificate
 */
export function parseCertificates(pem: string): readonly [X509Certificate, ...X509Certificate[]] {
  const [first, ...others] = (pem.match(CERTIFICATE) ?? []).map((block, index) => {
    try {
      return new X509Certificate(block)
    } catch (cause) {
      const which = `Certificate ${String(index + 1)}`
      throw new MemkeepError('ERR_MEMKEEP_TLS_MATERIAL', `${which} cannot be read: was it cut off?`, {
        cause,
      })
    }
  })
  if (first === undefined) {
    throw new MemkeepError(
      'ERR_MEMKEEP_TLS_MATERIAL',
      'There is no certificate in it: a PEM file has lines -----BEGIN CERTIFICATE-----.',
    )
  }
  return [first, ...others]
}
