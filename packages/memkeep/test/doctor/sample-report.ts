import type { BaselineEntry } from '../../src/doctor/baseline-file.ts'
import type { Finding, Severity } from '../../src/doctor/finding.ts'
import { judge } from '../../src/doctor/judge.ts'
import type { AuditReport, ServerReport } from '../../src/doctor/report.ts'

/** A finding like any other. */
export function finding(
  id: string,
  severity: Severity,
  server: string,
  more: Partial<Omit<Finding, 'id' | 'severity' | 'server'>> = {},
): Finding {
  return {
    id,
    severity,
    server,
    area: 'authentication',
    title: `Something is wrong with ${id}`,
    why: 'Somebody can do something with it that nobody wants.',
    detail: '',
    evidence: [],
    cure: 'Start memcached with `-S`, and turn it off no more.',
    ...more,
  }
}

/** A server that was reached, and told its version. */
export function serverReport(
  server: string,
  findings: readonly Finding[] = [],
  more: Partial<ServerReport> = {},
): ServerReport {
  return {
    server,
    reached: true,
    failure: undefined,
    version: '1.6.45',
    facts: [],
    findings,
    unknowns: [],
    unknownAreas: [],
    ...more,
  }
}

const OPEN = 'cache1.example:11211'
const LOCKED = '[2001:db8::11]:11211'

const ACCEPTED: BaselineEntry = {
  rule: 'outdated',
  server: LOCKED,
  severity: 'low',
  reason: 'The distribution mends this version until 2028.',
}

/** What an audit of four servers may come to: everything that a report can show. */
export const SAMPLE: readonly ServerReport[] = [
  serverReport(
    OPEN,
    [
      finding('anonymous-commands', 'critical', OPEN, {
        title: 'Strangers may run commands',
        detail: 'by text, meta and binary commands',
        why: 'Whoever reaches the server reads, changes and deletes what every service keeps in it: sessions, permissions, pages.',
        cure: 'Start memcached with `-S` (SASL, with `mech_list: scram-sha-256`) or `-Y FILE` (ASCII authentication), either with TLS (`-Z`).',
        evidence: [
          { sent: 'get memkeep-doctor-5e1c', received: 'END' },
          { sent: 'mg memkeep-doctor-5e1c v', received: 'EN' },
          { sent: 'NOOP (binary)', received: 'status 0x00' },
          { sent: 'stats settings', received: 'STAT maxbytes 67108864' },
        ],
      }),
      finding('udp-open', 'high', OPEN, {
        area: 'reachability',
        title: 'UDP is open',
        why: 'A datagram with a forged sender has the server flood that sender.',
        cure: 'Turn UDP off: `-U 0`.',
        evidence: [{ sent: 'version over UDP', received: 'VERSION 1.6.18' }],
      }),
      finding('cve-2026-47783', 'medium', OPEN, {
        area: 'version',
        title: 'Time tells which SASL names and passwords are right',
        detail:
          'memcached 1.6.18, if its users are in the file of MEMCACHED_SASL_PWDB, CVE-2026-47783 and CVE-2026-47784',
      }),
      finding('outdated', 'low', OPEN, { area: 'version', title: 'It is over two years old' }),
      finding('session-tickets', 'info', OPEN, { area: 'tls', title: 'Session tickets are given' }),
    ],
    {
      version: '1.6.18',
      facts: [
        { name: 'Reachability', value: 'every address (0.0.0.0), TCP and UDP' },
        { name: 'TLS', value: 'none' },
        { name: 'Authentication', value: 'none' },
        { name: 'Released', value: '2023-01-10' },
      ],
      unknowns: [
        'What a friend is let do: none was given (`--username`, `--cert`).',
        'Distributions mend faults without changing the version, and the version is all that the server shows of itself.',
      ],
    },
  ),
  serverReport(
    LOCKED,
    [finding('outdated', 'low', LOCKED, { area: 'version', title: 'It is over two years old' })],
    {
      facts: [
        { name: 'TLS', value: '1.3 (TLS_AES_256_GCM_SHA384), client certificates demanded' },
        { name: 'Authentication', value: 'client certificate' },
      ],
    },
  ),
  serverReport('/run/memcached/memcached.sock', [], { version: undefined }),
  serverReport('cache9.example:11211', [], {
    reached: false,
    version: undefined,
    failure:
      'It cannot be connected to (ECONNREFUSED): nothing listens there: start memcached, or correct the port.',
  }),
]

/** The report of {@link SAMPLE}, or of other servers. */
export function sampleReport(
  servers: readonly ServerReport[] = SAMPLE,
  baseline: readonly BaselineEntry[] = [ACCEPTED],
): AuditReport {
  return judge(servers, { tool: '1.2.3', date: new Date('2026-11-25T10:15:00Z'), baseline })
}
