import type { CurableRule } from '../found.ts'

const area = 'reachability'

/** What can be wrong with who reaches a server. The severities are those of a public address. */
export const REACHABILITY_RULES: Readonly<
  Record<'publicAddress' | 'everyInterface' | 'udp' | 'plaintext' | 'unixSocket', CurableRule>
> = {
  publicAddress: {
    id: 'public-address',
    area,
    severity: 'high',
    title: 'Reachable at a public address',
    why: 'Everybody on the internet can try what a stranger can, and scanners find open memcached servers within hours: one fault in memcached, TLS or SASL, or one password that leaks, is enough.',
    cure: 'Listen on a private address alone: `-l 10.0.0.5` (or `-l 127.0.0.1` where services run on the same machine), and let a firewall drop TCP and UDP to its port from elsewhere.',
  },
  everyInterface: {
    id: 'every-interface',
    area,
    severity: 'medium',
    title: 'Listens on every interface',
    why: 'It can be reached through every network that this machine is part of, now and in future: a public one, that of containers, a VPN.',
    cure: 'Name the address to listen on: `-l 127.0.0.1` for one machine, `-l 10.0.0.5` for a private network.',
  },
  udp: {
    id: 'udp-open',
    area,
    severity: 'critical',
    title: 'UDP is open',
    why: 'A datagram with a forged sender makes the server flood somebody else with answers thousands of times as long (CVE-2018-1000115). UDP knows neither TLS nor passwords.',
    cure: 'Switch UDP off: `-U 0`, which is the default since memcached 1.5.6.',
  },
  plaintext: {
    id: 'plaintext-beside-tls',
    area,
    severity: 'high',
    title: 'Takes plaintext beside TLS',
    why: 'A client that is set up wrongly, or misled to that listener, talks in clear and nothing says so; whoever reads the network reads passwords and values.',
    cure: 'Take the `notls:` listener out of `-l`, or bind it to loopback: `-l 10.0.0.5:11211,notls:127.0.0.1:11212`.',
  },
  unixSocket: {
    id: 'unix-socket-open',
    area,
    severity: 'medium',
    title: 'Every account of this machine may connect to the socket',
    why: 'Any program on the machine, whoever runs it, can read and change what lies in the cache.',
    cure: 'Have memcached make the socket for its owner alone, `-a 0700`, or for a group that its clients are in, `-a 0770`, or in a folder that others may not enter.',
  },
}
