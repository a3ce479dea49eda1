import type { Authenticator, Transport } from '@memkeep/core'
import { asciiAuth, sasl } from '@memkeep/sasl'
import { tls } from '@memkeep/tls'
import { type Command, Option } from 'commander'

/** How a command that connects gets in. Secrets are files or variables, since arguments show in process lists. */
export interface ConnectionOptions {
  readonly tls?: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly username?: string
  readonly passwordFile?: string
  readonly auth?: 'sasl' | 'ascii'
}

/** The variable that holds the password where no file does. */
const PASSWORD = 'MEMKEEP_PASSWORD'

/** Adds `--tls --ca --cert --key --servername --username --password-file --auth`. */
export function addConnectionOptions(command: Command): void {
  command
    .option('--tls', "connect over TLS and trust Node's default authorities; --ca and --cert imply TLS")
    .option('--ca <file>', 'the certificate authority to trust, as PEM')
    .option('--cert <file>', 'our certificate for mutual TLS, as PEM')
    .option('--key <file>', 'its private key, as PEM')
    .option('--servername <name>', "the name to expect in the server's certificate")
    .option('--username <name>', 'who to authenticate as')
    .option('--password-file <file>', `a file that holds the password; else the variable ${PASSWORD} does`)
    .addOption(new Option('--auth <kind>', 'how to authenticate with --username').choices(['sasl', 'ascii']))
}

/** The layers that the options ask for. @throws TypeError for options that contradict each other, and as the layers do */
export function readConnectionOptions(options: ConnectionOptions): {
  readonly transport?: Transport
  readonly auth?: Authenticator
} {
  const { ca, cert, key, servername, username, passwordFile } = options
  const withTls = options.tls === true || [ca, cert, key, servername].some((each) => each !== undefined)
  if (username === undefined && (passwordFile !== undefined || options.auth !== undefined)) {
    throw new TypeError('--password-file and --auth need --username')
  }
  const file = (path: string): { readonly file: string } => ({ file: path })
  const password = passwordFile === undefined ? { env: PASSWORD } : file(passwordFile)
  return {
    ...(withTls && {
      transport: tls({
        ...(ca !== undefined && { ca: file(ca) }),
        ...(cert !== undefined && { cert: file(cert) }),
        ...(key !== undefined && { key: file(key) }),
        ...(servername !== undefined && { servername }),
        watchInterval: 0,
        // the command says itself what it finds
        warnBefore: 0,
      }),
    }),
    ...(username !== undefined && {
      auth: (options.auth === 'ascii' ? asciiAuth : sasl)({ username, password, watchInterval: 0 }),
    }),
  }
}
