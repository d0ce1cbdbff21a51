/**
 * What an IP address is, for whoever is about to connect to one: public, of a private network, this
 * machine, or none that a service of ours is ever at. IPv4 by the ranges of IANA's special-purpose
 * registry (RFC 6890); of IPv6 only global unicast is public, less what is documentation, a tunnel or
 * a protocol's own. IPv4 inside IPv6 (mapped, NAT64) is what the IPv4 address is. Pure.
 */
import { BlockList, isIP } from 'node:net'

/** `unfit`: link-local, cloud metadata, multicast, reserved, or no address at all. */
export type AddressKind = 'public' | 'private' | 'loopback' | 'unfit'

type Range = readonly [address: string, prefix: number]

const loopback4: readonly Range[] = [['127.0.0.0', 8]]
const private4: readonly Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
]
const unfit4: readonly Range[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  // Metadata and host services of two clouds, outside the link-local range.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
]

const loopback6: readonly Range[] = [['::1', 128]]
const private6: readonly Range[] = [['fc00::', 7]]
const unfit6: readonly Range[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  // Metadata of two clouds, in the range of private networks.
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
]
const global6: readonly Range[] = [['2000::', 3]]
/** The prefixes, 96 bits each, behind which an IPv4 address stands. */
const embedding = ['::ffff:', '64:ff9b::']

const loopback = rangesOf(loopback4, loopback6)
const privates = rangesOf(private4, private6)
const unfit = rangesOf(unfit4, unfit6)
const global = rangesOf([['0.0.0.0', 0]], global6)

export function addressKind(address: string): AddressKind {
  const version = isIP(address)
  // A zone is of link-local addresses only.
  if (version === 0 || address.includes('%')) return 'unfit'
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (unfit.check(address, family)) return 'unfit'
  if (loopback.check(address, family)) return 'loopback'
  if (privates.check(address, family)) return 'private'
  return global.check(address, family) ? 'public' : 'unfit'
}

/** Whether the host of a URL says by itself that it is this machine; nothing is resolved. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  return bare === 'localhost' || addressKind(bare) === 'loopback'
}

function rangesOf(ipv4: readonly Range[], ipv6: readonly Range[]): BlockList {
  const ranges = new BlockList()
  for (const [address, prefix] of ipv4) {
    ranges.addSubnet(address, prefix, 'ipv4')
    for (const before of embedding) ranges.addSubnet(before + address, 96 + prefix, 'ipv6')
  }
  for (const [address, prefix] of ipv6) ranges.addSubnet(address, prefix, 'ipv6')
  return ranges
}
