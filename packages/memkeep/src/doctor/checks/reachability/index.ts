import { isIP } from 'node:net'
import type { Check, CheckContext, CheckResult, Settings } from '../../check.ts'
import { reachOf, type Reach } from '../../engine/addresses.ts'
import { lineEvidence } from '../../evidence.ts'
import type { Evidence, Finding, Severity } from '../../finding.ts'
import { found } from '../found.ts'
import { parseListeners, type Listener } from '../../parse/listeners.ts'
import { REACHABILITY_RULES as RULES } from './rules.ts'
import { reachOfHost, spreadOf } from './spread.ts'
import { askByUdp } from './udp.ts'
import { checkUnixSocket } from './unix-socket.ts'

/** Who reaches the server, and by which ways beside the one that was given. */
export const checkReachability: Check = async (context) => {
  const { endpoint, address } = context
  if ('path' in endpoint) return checkUnixSocket(context, endpoint.path)
  const reach = reachOf(address ?? endpoint.host)
  const settings = await context.readSettings()
  const inter = settings?.values.get('inter')
  const listeners = inter === undefined ? [] : parseListeners(inter)
  const udp = await findUdp(context, address ?? endpoint.host, endpoint.port, settings)
  return {
    facts: [
      { name: 'Address', value: describeAddresses(context, reach) },
      ...(listeners.length === 0
        ? []
        : [{ name: 'Listens on', value: listeners.map(({ text }) => text).join(', ') }]),
      ...(udp.facts ?? []),
    ],
    findings: [
      ...findPublic(context, listeners, inter),
      ...(udp.findings ?? []),
      ...findPlaintext(context, settings, listeners),
    ],
    unknowns: [
      ...(inter === undefined
        ? ['On which other addresses it listens: its settings are told to nobody.']
        : []),
      ...(udp.unknowns ?? []),
    ],
  }
}

function describeAddresses({ address, addresses }: CheckContext, reach: Reach): string {
  const others = addresses.filter((each) => each !== address)
  const rest = others.length === 0 ? '' : `; its name also leads to ${others.join(', ')}, not looked at`
  return `${String(address)} (${reach})${rest}`
}

/** A public address is told once, however many ways it shows; behind it, that it listens everywhere is no news. */
function findPublic(
  context: CheckContext,
  listeners: readonly Listener[],
  inter: string | undefined,
): Finding[] {
  const evidence: Evidence[] = inter === undefined ? [] : [settingEvidence('inter', inter)]
  const listed = listeners.flatMap(({ host }) => (host === undefined || isIP(host) === 0 ? [] : [host]))
  const seen = new Set([...context.addresses, ...listed])
  const open = [...seen].filter((address) => reachOf(address) === 'public')
  if (open.length > 0) {
    const { address } = context
    const connected =
      address !== undefined && open.includes(address)
        ? [{ sent: `connect to ${address}`, received: 'accepted' }]
        : []
    return [
      found(context, RULES.publicAddress, {
        detail: open.join(', '),
        evidence: [...connected, ...evidence],
      }),
    ]
  }
  return listeners.some(({ host }) => host === undefined)
    ? [found(context, RULES.everyInterface, { evidence })]
    : []
}

const SEVERITY_OF_UDP: Readonly<Record<Reach, Severity>> = {
  public: 'critical',
  private: 'high',
  loopback: 'low',
}

async function findUdp(
  context: CheckContext,
  address: string,
  port: number,
  settings: Settings | undefined,
): Promise<CheckResult> {
  const answer = await askByUdp(address, port, context.signal)
  const udpPort = settings?.values.get('udpport')
  const evidence: Evidence[] = []
  if (answer.state === 'open') evidence.push(lineEvidence(`${answer.sent} (UDP)`, answer.received))
  if (udpPort !== undefined && udpPort !== '0') evidence.push(settingEvidence('udpport', udpPort))
  if (evidence.length > 0) {
    const shown = answer.state === 'open' ? String(port) : String(udpPort)
    const severity = SEVERITY_OF_UDP[spreadOf(context, settings)]
    return {
      facts: [{ name: 'UDP', value: `open on port ${shown}` }],
      findings: [found(context, RULES.udp, { detail: `port ${shown}`, evidence, severity })],
    }
  }
  if (answer.state === 'closed' || udpPort === '0') return { facts: [{ name: 'UDP', value: 'closed' }] }
  return {
    unknowns: [
      'Whether UDP is open: one datagram to the same port was not answered, and a firewall may be why.',
    ],
  }
}

function findPlaintext(
  context: CheckContext,
  settings: Settings | undefined,
  listeners: readonly Listener[],
): Finding[] {
  const { speaks, addresses } = context
  const bare = listeners.filter(({ withoutTls }) => withoutTls)
  const evidence: Evidence[] = []
  const reaches: Reach[] = bare.map(({ host }) => reachOfHost(host))
  if (speaks.plain && (speaks.tls || settings?.values.get('ssl_enabled') === 'yes')) {
    evidence.push({ sent: 'version (without TLS)', received: 'answered' })
    reaches.push(...addresses.map(reachOf))
  }
  if (reaches.length === 0) return []
  for (const { text } of bare) evidence.push(settingEvidence('inter', text))
  const onLoopback = reaches.every((reach) => reach === 'loopback')
  return [
    found(context, RULES.plaintext, {
      detail: bare.map(({ text }) => text).join(', '),
      evidence,
      severity: onLoopback ? 'low' : 'high',
    }),
  ]
}

function settingEvidence(name: string, value: string): Evidence {
  return lineEvidence('stats settings', `STAT ${name} ${value}`)
}
