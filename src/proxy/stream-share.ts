/**
 * How many streams without an end one caller may hold open. Each takes one of the connections that the
 * listener has, for as long as its client likes; so nobody gets a further one unless more connections
 * are left than it has streams (`places.ts`), and a caller whose clients leave theirs open leaves
 * room for the others. Nobody waits for one.
 */
import { type Entrant, Places } from './places.js'

export interface StreamShare {
  /** Gives what to call when the stream is over, harmless to call again; null: it has its share. */
  enter(principal: string): (() => void) | null
}

function nothing(): void {}

export function createStreamShare(maxConnections: number): StreamShare {
  const places = new Places(maxConnections, 0)
  return {
    enter(principal) {
      const entrant: Entrant = { principal, begin: nothing, turnAway: nothing, giveWay: nothing }
      return places.enter(entrant) === 'has-place' ? () => places.leave(entrant) : null
    },
  }
}
