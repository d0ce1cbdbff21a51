/** A page of a list, as it is learnt. Types only. */
import type { Definition } from '../domain.js'

/** One item of a page; `definition` null: none could be read. */
export interface Said {
  readonly name: string
  readonly definition: Definition | null
  /** What it takes to keep it, roughly, in bytes. */
  readonly size: number
}

export interface Page {
  readonly said: readonly Said[]
  /** The cursor that was asked with; null: the first page. */
  readonly cursor: string | null
  /** The cursor of the next page; null: this is the last one. */
  readonly next: string | null
}
