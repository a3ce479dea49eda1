import { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { describeCertificate } from '@memkeep/tls'
import type { Colors } from '../../cli/colors.ts'
import type { PairFiles } from '../../certs/store.ts'

/** What is said of a certificate that was made. */
export interface MadeCertificate {
  readonly cert: string
  readonly key: string
  readonly subject: string
  readonly names: readonly string[]
  /** ISO 8601, UTC. */
  readonly validTo: string
  readonly pin: string
}

/** What a new certificate is, for machines. */
export function describeMade(files: PairFiles, pem: string): MadeCertificate {
  const { subject, subjectAltNames, validTo, pin } = describeCertificate(new X509Certificate(pem))
  return { ...files, subject, names: subjectAltNames, validTo: validTo.toISOString(), pin }
}

/** The same for people. */
export function renderMade(
  { cert, key, subject, names, validTo, pin }: MadeCertificate,
  colors: Colors,
): string {
  const { bold, dim } = colors
  const rows = [
    [bold(cert), `certificate of ${subject}, until ${validTo.slice(0, 10)}`],
    [bold(key), 'its private key, which only you can read'],
  ] as const
  const width = Math.max(cert.length, key.length) + 3
  const styled = width + bold('').length
  return [
    ...rows.map(([file, what]) => `${file.padEnd(styled)}${what}`),
    ...(names.length === 0 ? [] : [`${dim('names'.padEnd(width))}${names.join(', ')}`]),
    `${dim('pin'.padEnd(width))}${pin}`,
  ].join('\n')
}

/** memcached's options for mutual TLS with these files. */
export function memcachedOptions(server: PairFiles, ca: string): string {
  const options = {
    ssl_chain_cert: resolve(server.cert),
    ssl_key: resolve(server.key),
    ssl_ca_cert: resolve(ca),
    ssl_verify_mode: '2',
  }
  const list = Object.entries(options).map(([name, value]) => `${name}=${value}`)
  return `-Z -o ${quoted([...list, 'ssl_session_cache'].join(','))}`
}

/** The code of a client with these files, or of one without a certificate. */
export function clientCode(ca: string, client?: PairFiles): string {
  const file = (path: string): string => `{ file: ${literal(path)} }`
  const parts = [
    `ca: ${file(ca)}`,
    ...(client === undefined ? [] : [`cert: ${file(client.cert)}`, `key: ${file(client.key)}`]),
  ]
  return `tls({ ${parts.join(', ')} })`
}

function literal(text: string): string {
  const json = JSON.stringify(text)
  return text.includes("'") || json.includes('\\') ? json : `'${text}'`
}

function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
