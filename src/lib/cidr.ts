/**
 * IP addresses and networks as texts, read strictly: no leading zeros, no zones, no names, no host
 * bits behind a prefix. An IPv4 address inside IPv6 (`::ffff:0:0/96`) is the IPv4 address, because a
 * dual-stack listener shows one for the other. Resolves nothing.
 */
import { isIPv4, isIPv6 } from 'node:net'

/** 4 bytes or 16. */
export type AddressBytes = readonly number[]

export interface Network {
  readonly bytes: AddressBytes
  readonly prefix: number
}

/** null: it is no address. */
export function parseAddress(text: string): AddressBytes | null {
  if (isIPv4(text)) return text.split('.').map(Number)
  if (!isIPv6(text) || text.includes('%')) return null
  const bytes = ipv6Bytes(text)
  return isMapped(bytes) ? bytes.slice(12) : bytes
}

/** `10.0.0.0/8`, or an address alone. null: it is no network, or has bits behind its prefix. */
export function parseNetwork(text: string): Network | null {
  const match = /^([0-9a-fA-F:.]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text)
  const bytes = parseAddress(match?.[1] ?? '')
  if (match === null || bytes === null) return null
  const mapped = bytes.length === 4 && text.includes(':')
  const prefix = match[2] === undefined ? bytes.length * 8 : Number(match[2])
  // A prefix of the long form would be counted from another place.
  if (prefix > bytes.length * 8 || (mapped && match[2] !== undefined)) return null
  const fits = bytes.every((byte, index) => (byte & ~maskAt(prefix, index)) === 0)
  return fits ? { bytes, prefix } : null
}

/** Whether an address is in one of the networks; what is no address is in none. */
export function createAddressSet(networks: readonly Network[]): (address: string) => boolean {
  return function contains(address) {
    const bytes = parseAddress(address)
    return bytes !== null && networks.some((network) => isWithin(bytes, network))
  }
}

/** The address in its one form: IPv4 in dots, IPv6 with its longest run of zeros left out (RFC 5952). */
export function addressText(bytes: AddressBytes): string {
  if (bytes.length === 4) return bytes.join('.')
  const text = groupsOf(bytes).join(':')
  const [longest] = [...text.matchAll(/\b0(:0)+\b/g)].sort((one, other) => {
    return other[0].length - one[0].length
  })
  if (longest === undefined) return text
  const before = text.slice(0, longest.index).replace(/:$/, '')
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, '')
  return `${before}::${after}`
}

/** Any text of an address in its one form; what is none, or has a zone, stays as it is. */
export function canonicalAddress(text: string): string {
  const bytes = parseAddress(text)
  return bytes === null ? text : addressText(bytes)
}

/**
 * What counts as one client where addresses are free: an IPv4 address, of IPv6 the /64 that one
 * subscriber is given whole. null: it is no address.
 */
export function addressGroup(address: string): string | null {
  const bytes = parseAddress(address)
  if (bytes === null || bytes.length === 4) return bytes === null ? null : addressText(bytes)
  return `${groupsOf(bytes.slice(0, 8)).join(':')}::/64`
}

function isWithin(bytes: AddressBytes, network: Network): boolean {
  if (bytes.length !== network.bytes.length) return false
  return bytes.every(
    (byte, index) => (byte & maskAt(network.prefix, index)) === network.bytes[index],
  )
}

/** Of one byte: the bits that a prefix covers. */
function maskAt(prefix: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefix - index * 8))
  return (0xff << (8 - bits)) & 0xff
}

function isMapped(bytes: AddressBytes): boolean {
  return bytes.every((byte, index) => index >= 12 || byte === (index >= 10 ? 0xff : 0))
}

/** Of a text that is an IPv6 address. */
function ipv6Bytes(text: string): number[] {
  const dots = text.lastIndexOf(':') + 1
  const tail = text.includes('.') ? text.slice(dots).split('.').map(Number) : []
  const groups = tail.length === 0 ? text : text.slice(0, dots).replace(/([^:]):$/, '$1')
  const [before = '', after] = groups.split('::')
  const head = bytesOf(before)
  const rest = [...bytesOf(after ?? ''), ...tail]
  const gap = Array.from({ length: 16 - head.length - rest.length }, () => 0)
  return [...head, ...gap, ...rest]
}

function bytesOf(groups: string): number[] {
  if (groups === '') return []
  return groups.split(':').flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

function groupsOf(bytes: AddressBytes): string[] {
  const groups: string[] = []
  for (let index = 0; index + 1 < bytes.length; index += 2) {
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16))
  }
  return groups
}
