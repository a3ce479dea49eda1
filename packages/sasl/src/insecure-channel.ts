import { MemkeepError } from '@memkeep/core'

/**
 * The refusal to say a password where others could read it.
 *
 * @param instead another way out than those that there always are
 */
export function insecureChannel(server: string, instead = ''): MemkeepError {
  return new MemkeepError(
    'ERR_MEMKEEP_AUTH_INSECURE_CHANNEL',
    `The password for ${server} would cross the network readable: hand in transport: tls({ ca }),${instead} or set "allowInsecureAuth" if the network is yours alone.`,
  )
}
