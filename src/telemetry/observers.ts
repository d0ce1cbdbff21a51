/**
 * Many observers as one. Observers watch and never decide: one that throws is ignored, and the
 * others still hear of the event.
 */
import type { Observer } from '../domain.js'

export function combine(observers: readonly Observer[]): Observer {
  function tell(say: (observer: Observer) => void): void {
    for (const observer of observers) {
      try {
        say(observer)
      } catch {
        // Telling somebody that telling failed would fail in the same place.
      }
    }
  }
  return {
    outcome: (event) => tell((observer) => observer.outcome?.(event)),
    policy: (event) => tell((observer) => observer.policy?.(event)),
    catalogue: (event) => tell((observer) => observer.catalogue?.(event)),
    keys: (event) => tell((observer) => observer.keys?.(event)),
    log: (level, text, fields) => tell((observer) => observer.log?.(level, text, fields)),
  }
}
