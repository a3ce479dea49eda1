import { BlockList, isIP, isIPv6 } from 'node:net'
import { isLoopbackHost } from '@memkeep/core'

/** Who can reach an address: this machine, a private network, or, for all that the address says, anybody. */
export type Reach = 'loopback' | 'private' | 'public'

/** Says of an IP address who can reach it. */
export function reachOf(address: string): Reach {
  const plain = withoutMapping(address)
  if (isLoopbackHost(plain)) return 'loopback'
  return PRIVATE.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4') ? 'private' : 'public'
}

/** Whether memcached listens on every interface with this in its `-l`. */
export function isEveryInterface(address: string): boolean {
  return address === '0.0.0.0' || (isIP(address) === 6 && /^[0:]+$/.test(address))
}

/** The IPv4 address in an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2), without a zone. */
function withoutMapping(address: string): string {
  const bare = address.replace(/%.*$/, '')
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare
}

const PRIVATE: BlockList = privateNetworks()

/** RFC 1918, RFC 6598 (shared by a provider's customers), RFC 3927, RFC 4193, RFC 4291 (link-local). */
function privateNetworks(): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of [
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['100.64.0.0', 10],
    ['169.254.0.0', 16],
  ] as const) {
    list.addSubnet(network, prefix, 'ipv4')
  }
  list.addSubnet('fc00::', 7, 'ipv6')
  list.addSubnet('fe80::', 10, 'ipv6')
  return list
}
