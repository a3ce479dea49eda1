import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findServerFeatures, type StartOptions } from '@memkeep/testkit'

const { minTlsVersion } = await findServerFeatures()

/** The versions of TLS as memcached's `ssl_min_version` numbers them. */
const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const

/** How a server is started. */
export interface LowestTlsOptions {
  /** Where a configuration of OpenSSL may be written. */
  readonly folder: string
  /** The lowest version of TLS, as memcached numbers it. */
  readonly lowest: 0 | 1 | 2 | 3
  /** More of memcached's `-o`. */
  readonly suboptions?: string
  /** Has OpenSSL load what it would refuse: short keys, SHA-1. */
  readonly weak?: boolean
}

/** Makes the lowest version of TLS one of memcached's options, or OpenSSL's where memcached has none. */
export async function lowestTls({
  folder,
  lowest,
  suboptions,
  weak = false,
}: LowestTlsOptions): Promise<Pick<StartOptions, 'args' | 'env'>> {
  const settings = [
    ...(weak ? ['CipherString = DEFAULT:@SECLEVEL=0'] : []),
    ...(minTlsVersion ? [] : [`MinProtocol = ${VERSIONS[lowest]}`]),
  ]
  const more = [suboptions, minTlsVersion ? `ssl_min_version=${String(lowest)}` : undefined]
  const joined = more.filter((each) => each !== undefined).join(',')
  const args = joined === '' ? [] : ['-o', joined]
  if (settings.length === 0) return { args }
  const file = join(folder, `openssl-${String(lowest)}${weak ? '-weak' : ''}.cnf`)
  const lines = ['openssl_conf = all', '[all]', 'ssl_conf = ssl', '[ssl]', 'system_default = tls', '[tls]']
  await writeFile(file, [...lines, ...settings, ''].join('\n'))
  return { args, env: { OPENSSL_CONF: file } }
}
