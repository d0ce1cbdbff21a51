import type { PeerQuestion } from './rules.js'

/** An engine of the comparison that answers one question at a time. */
export interface Peer {
  readonly name: string
  ask(asked: PeerQuestion): boolean | Promise<boolean>
  close(): Promise<void>
}
