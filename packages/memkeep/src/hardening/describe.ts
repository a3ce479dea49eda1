import { formatEndpoint, isLoopbackHost, type Endpoint } from '@memkeep/core'
import type { Layers } from './build.ts'

/**
 * Says in words what is on and what is not: a line with the servers, and one for each question that a layer answers.
 * Nothing in it is secret.
 */
export function describeLayers(layers: Omit<Layers, 'close'>): string {
  const { endpoints } = layers
  const servers = endpoints.map((endpoint) => formatEndpoint(endpoint)).join(', ')
  return [
    `Servers: ${servers}`,
    `Can the network read or change it? ${network(layers)}`,
    `Can strangers use it? ${strangers(layers)}`,
    `Can the server see the data? ${server(layers)}`,
  ].join('\n')
}

function network({ endpoints, transport }: Omit<Layers, 'close'>): string {
  if (transport === undefined) {
    return endpoints.every(isNear)
      ? 'It crosses none: the servers are on this machine, and TLS is off.'
      : 'YES: TLS is off, so whoever is in between reads and changes everything. Write memcacheds://.'
  }
  const { verification, minVersion, authorities, trustsDefaultCa, pins, revocationLists, servername } =
    transport.describe()
  const version = minVersion === 'TLSv1.3' ? 'TLS 1.3' : 'TLS 1.2 or later'
  if (verification === 'skipped') {
    return `YES: ${version}, but any certificate is taken (dangerouslySkipVerification), so whoever is in between reads and changes everything. Name the authority as "ca".`
  }
  const trusted = [
    ...authorities.map(({ subject }) => subject),
    ...(trustsDefaultCa ? ["Node's default authorities"] : []),
  ]
  const more = [
    ...(servername === undefined ? [] : [`the name expected is ${servername}`]),
    ...(pins.length === 0 ? [] : [`${count(pins.length, 'key')} pinned`]),
    ...(revocationLists === 0 ? [] : [count(revocationLists, 'revocation list')]),
  ]
  return `No: ${version}, certificate and name of the server verified, trusted: ${trusted.join('; ')}${more.map((each) => `; ${each}`).join('')}.`
}

function strangers({ transport, auth }: Omit<Layers, 'close'>): string {
  const own = transport?.describe().own
  const shown = own === undefined ? '' : ` We show the client certificate ${own.subject}.`
  if (auth !== undefined) {
    const how = auth.name === 'sasl' ? 'SASL' : 'ASCII authentication'
    return `No: we authenticate by ${how}, and a server that lets anyone in is refused.${shown}`
  }
  if (own !== undefined) {
    return `That is for the server to say:${shown} Whether it demands one, "memkeep doctor" tells.`
  }
  return 'YES, unless the server keeps them out by other means: we neither authenticate nor show a certificate.'
}

function server({ encryption }: Omit<Layers, 'close'>): string {
  if (encryption === undefined) {
    return 'YES: values are stored as they are. Hand in keys to have them encrypted.'
  }
  const { algorithm, context, keys, nameKey, compress, pad, bindExpiry, migration, plainKeys } =
    encryption.describe()
  if (migration === 'write-plaintext') {
    return 'YES: nothing is encrypted yet (migration: write-plaintext), and plain values of anyone are served.'
  }
  const primary = keys.find((key) => key.primary)?.id ?? ''
  const others = keys.length - 1
  const sees = [
    nameKey === undefined ? 'key names' : 'no key names',
    pad === undefined ? 'lengths' : 'classes of lengths',
    'times',
  ].join(', ')
  const more = [
    ...(context === '' ? [] : [`context ${JSON.stringify(context)}`]),
    ...(compress === undefined ? [] : [`compressed with ${compress}, which tells content through lengths`]),
    ...(bindExpiry === false ? [] : ['ended values do not open']),
    ...(bindExpiry === 'required' ? ['values without a bound expiry do not open'] : []),
  ]
  const but = [
    ...(migration === 'read-plaintext'
      ? ['plain values of anyone are served (migration: read-plaintext)']
      : []),
    ...(plainKeys ? ['some keys are left plain (plainKeys)'] : []),
  ]
  const sealed = `values are sealed with ${algorithm}, key ${primary}${others === 0 ? '' : ` (${count(others, 'more')} to read with)`}`
  const verdict = but.length === 0 ? 'No' : 'PARTLY'
  return `${verdict}: ${[sealed, ...more, ...but].join('; ')}. It sees ${sees}, and can delete and replay.`
}

function isNear(endpoint: Endpoint): boolean {
  return 'path' in endpoint || isLoopbackHost(endpoint.host)
}

function count(number: number, what: string): string {
  return what === 'more' || number === 1 ? `${String(number)} ${what}` : `${String(number)} ${what}s`
}
