/**
 * What becomes of an issuer's keys, told to whoever watches: each attempt as an event, and a line of
 * the log for each change of state, however often it is tried.
 */
import type { Observer } from '../../domain.js'
import type { LoadResult } from './cached-keys.js'

export function tellKeys(
  issuer: string,
  observer: Pick<Observer, 'keys' | 'log'>,
): (result: LoadResult) => void {
  let state: 'good' | 'failing' | 'gone' | null = null

  function tellLoaded({ set, changed }: Extract<LoadResult, { ok: true }>): void {
    if (state === 'good' && !changed) return
    observer.log?.('info', 'keys of an issuer were loaded', { issuer, keys: set.keys.length })
    if (!changed) return
    for (const { index, problem } of set.ignored) {
      const key = `key ${index}: ${problem}`
      observer.log?.('warn', 'a key of an issuer is not used', { issuer, key })
    }
  }

  function tellFailed({ error, usableMs }: Extract<LoadResult, { ok: false }>): void {
    const problem = error.message
    if (usableMs <= 0) {
      if (state === 'gone') return
      const text = 'there are no keys of an issuer, its tokens are answered 503 until there are'
      observer.log?.('error', text, { issuer, problem })
    } else if (state !== 'failing') {
      const text = 'keys of an issuer cannot be loaded, the last ones are used meanwhile'
      const fields = Number.isFinite(usableMs) ? { seconds: Math.round(usableMs / 1000) } : {}
      observer.log?.('warn', text, { issuer, ...fields, problem })
    }
  }

  return function loaded(result) {
    observer.keys?.({ issuer, result: result.ok ? 'loaded' : 'failed' })
    if (result.ok) tellLoaded(result)
    else tellFailed(result)
    state = result.ok ? 'good' : result.usableMs > 0 ? 'failing' : 'gone'
  }
}
