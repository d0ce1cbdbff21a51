/**
 * Waiting on behalf of a client: while it is there, and no longer. Who went is on record at once,
 * whatever becomes of what was waited for.
 */
import type { Gone, Inbound } from './inbound.js'

/**
 * What `work` comes to; null where the client goes or the gateway stops before that, and `onGone` has
 * been told by then. Rejects as `work` does. What is there already is not waited for.
 */
export function whileThere<Value extends object>(
  inbound: Pick<Inbound, 'onGone'>,
  work: Value | Promise<Value>,
  onGone: (why: Gone) => void,
): Value | Promise<Value | null> {
  if (!(work instanceof Promise)) return work
  return new Promise((resolve, reject) => {
    let waiting = true
    inbound.onGone((why) => {
      if (!waiting) return
      waiting = false
      onGone(why)
      resolve(null)
    })
    work
      .finally(() => {
        waiting = false
      })
      .then(resolve, reject)
  })
}
