import { X509Certificate } from 'node:crypto'
import type { Colors } from '../cli/output.ts'
import type { DevServer } from './dev.ts'
import { ADAPTER_CODE, quoteForShell, toAudit, toCode, toEnvironment, toUri } from './settings.ts'

/** What a machine is told, as JSON. Nothing in it is secret. */
export function toJson({ server, folder, files, material, settings }: DevServer): object {
  const { binary, pid, auth, mechanisms, withoutSasl } = server
  return {
    address: settings.address,
    pid,
    memcached: { path: binary.path, version: binary.version },
    auth,
    mechanisms,
    ...(withoutSasl !== undefined && { withoutSasl }),
    mutualTls: settings.mutualTls,
    certificateEnds: endOf(material.server.cert).toISOString(),
    keyId: material.keyId,
    made: material.made,
    folder,
    uri: toUri(settings),
    env: toEnvironment(settings),
    envFile: files.env,
    code: toCode(settings),
  }
}

/** What a person is told. Nothing in it is secret. */
export function render(dev: DevServer, colors: Colors): string {
  const { server, folder, files, material, settings } = dev
  const { bold, dim, cyan } = colors
  const block = (title: string, text: string): readonly string[] => [
    '',
    bold(title),
    ...text.split('\n').map((line) => (line === '' ? '' : `  ${cyan(line)}`)),
  ]
  const line = (name: string, text: string): string => `  ${dim(name.padEnd(16))}${text}`
  return [
    `${bold(`memcached ${server.binary.version}`)} runs hardened on ${bold(settings.address)}`,
    '',
    line('TLS', `1.2 or later; the certificate ends on ${day(endOf(material.server.cert))}`),
    line(
      'clients',
      settings.mutualTls ? 'must show a certificate, such as client.pem' : 'need no certificate',
    ),
    line('authentication', `${nameAuth(dev)}, as ${settings.username}`),
    line('encryption', `in your process, with key ${material.keyId}`),
    line('kept in', folder),
    ...(material.made.length > 0 ? [line('made now', material.made.join(', '))] : []),
    ...block('In your code', toCode(settings)),
    ...block('Or with cache-manager, and the environment below', ADAPTER_CODE),
    ...block(
      'In the environment, for connect() and hardening() without arguments',
      `. ${quoteForShell(files.env)}`,
    ),
    ...block('As a URI', toUri(settings)),
    ...block('What can strangers do here?', toAudit(settings)),
    '',
    dim('Secrets are in these files alone, which nobody but you can read. For development on this machine.'),
  ].join('\n')
}

function nameAuth({ server: { auth, mechanisms } }: DevServer): string {
  return auth === 'sasl' ? `SASL (${mechanisms.join(', ')})` : 'ASCII authentication'
}

function endOf(certificate: string): Date {
  return new Date(new X509Certificate(certificate).validTo)
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
