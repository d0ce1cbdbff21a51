/**
 * Name → addresses with a look at each of them, as the resolver of a connection: what is looked at
 * is what is connected to, so that a name cannot answer twice (DNS rebinding). One unfit address
 * refuses the name, since which of them is taken is chance.
 */
import { type LookupAddress, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { type AddressKind, addressKind } from '../lib/ip.js'

/** `lookup` of node:dns with all addresses. */
export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void

export class AddressRefused extends Error {
  readonly kind: AddressKind

  constructor(address: string, kind: AddressKind) {
    super(`its address ${address} is ${describe[kind]}`)
    this.kind = kind
  }
}

const describe: Readonly<Record<AddressKind, string>> = {
  public: 'a public one',
  private: 'one of a private network',
  loopback: 'one of this machine',
  unfit: 'link-local, reserved or of a cloud’s own services',
}

export const systemResolve: Resolve = (hostname, done) =>
  lookup(hostname, { all: true }, (error, addresses) => done(error, addresses ?? []))

/** Throws AddressRefused. */
export function checkAddress(address: string, allows: (kind: AddressKind) => boolean): void {
  const kind = addressKind(address)
  if (!allows(kind)) throw new AddressRefused(address, kind)
}

export function guardedLookup(
  resolve: Resolve,
  allows: (kind: AddressKind) => boolean,
): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, (error, addresses) => {
      const [first] = addresses
      if (error !== null || first === undefined) {
        return done(error ?? new Error('its name has no address'), '', 0)
      }
      try {
        for (const { address } of addresses) checkAddress(address, allows)
      } catch (refused) {
        return done(refused as Error, '', 0)
      }
      if (options.all === true) done(null, [...addresses])
      else done(null, first.address, first.family)
    })
  }
}
