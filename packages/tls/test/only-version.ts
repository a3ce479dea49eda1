import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * An environment that holds a server's OpenSSL to one version of TLS, and lets it show certificates that it would
 * refuse to load.
 *
 * @param folder where the configuration is written
 * @param more lines of the configuration
 */
export async function onlyVersion(
  version: 'TLSv1.2' | 'TLSv1.3',
  folder: string,
  more = '',
): Promise<{ readonly OPENSSL_CONF: string }> {
  const OPENSSL_CONF = join(folder, `${version}.cnf`)
  await writeFile(
    OPENSSL_CONF,
    `openssl_conf = main
[main]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
MinProtocol = ${version}
MaxProtocol = ${version}
CipherString = DEFAULT@SECLEVEL=0
${more}
`,
  )
  return { OPENSSL_CONF }
}
