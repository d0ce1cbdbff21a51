/**
 * One stream without an end, once it is open: asked about again on every activation, told when an
 * activation has changed what its caller sees, ended with the credential. What it says itself waits
 * until no message of the server is half sent.
 */
import type {
  DecisionPoint,
  Judgement,
  Message,
  MessageId,
  Question,
  UnidentifiedReason,
} from '../domain.js'
import { asGuardError, type GuardError } from '../errors.js'
import {
  type Announcement,
  acknowledged,
  announcementsOf,
  changedFor,
  listChanged,
} from './listen.js'
import type { Asked } from './outcome.js'
import type { Steps } from './steps.js'
import { askAgain, type OpenStream } from './streams.js'

/** A stream that ends when somebody ends it: it is opened and closed, not answered. */
export function isLongLived({ verb, method }: Asked): boolean {
  return verb === 'GET' || method === 'subscriptions/listen'
}

export interface LastingParts {
  readonly steps: Pick<Steps, 'streams' | 'lastSeen'>
  /** Of the message that opened the stream; null: a GET. */
  readonly id: MessageId | null
  /** Of a legacy session's stream: what its server said that it announces. */
  readonly announced: number
  /** The question that opened it, as it stands now, and who answers it now. */
  readonly ask: () => { readonly question: Question; readonly decisionPoint: DecisionPoint }
  /** A message of the server is half sent. */
  readonly isPartial: () => boolean
  readonly send: (message: Uint8Array) => void
  readonly denied: (judgement: Judgement) => void
  readonly expired: (reason: UnidentifiedReason) => void
  readonly failed: (error: GuardError) => void
}

export class Lasting implements OpenStream {
  readonly #parts: LastingParts
  #remove: () => void = () => undefined
  readonly #promised: Set<Announcement>
  #waiting: Uint8Array[] = []
  /** Under which policy its caller was told of changes last. */
  #toldUnder: string | null = null
  #over = false

  constructor(parts: LastingParts) {
    this.#parts = parts
    this.#promised = new Set(parts.id === null ? announcementsOf(parts.announced) : [])
  }

  /** `judgedBy`: who let it open. Whoever is in force by now is asked as well. */
  opened(judgedBy: DecisionPoint): void {
    const { question, decisionPoint } = this.#parts.ask()
    this.#remove = this.#parts.steps.streams.add(this, question.identity)
    this.#toldUnder = judgedBy.revision
    if (decisionPoint === judgedBy) return
    askAgain(this)
    void this.announce()
  }

  over(): void {
    this.#over = true
    this.#remove()
  }

  /** What the server says on it. */
  heard(message: Message): void {
    if (this.#parts.id === null) return
    for (const announcement of acknowledged(message)) this.#promised.add(announcement)
  }

  reconsider(): void {
    if (this.#over) return
    const { question, decisionPoint } = this.#parts.ask()
    const judgement = decisionPoint.judge(question)
    if (!judgement.decision.allow) this.#parts.denied(judgement)
  }

  async announce(): Promise<void> {
    try {
      await this.#tellChanges()
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  expire(reason: UnidentifiedReason): void {
    if (!this.#over) this.#parts.expired(reason)
  }

  fail(thrown: unknown): void {
    if (this.#over) return
    const why = 'whether a stream may go on could not be decided'
    this.#parts.failed(asGuardError(thrown, 'GUARD_INTERNAL', why))
  }

  /** No message is half sent. */
  whole(): void {
    if (this.#over) return
    for (const message of this.#waiting.splice(0)) this.#parts.send(message)
  }

  async #tellChanges(): Promise<void> {
    const { id, steps, ask } = this.#parts
    if (this.#over || this.#promised.size === 0) return
    const { question, decisionPoint } = ask()
    const toldUnder = this.#toldUnder
    this.#toldUnder = decisionPoint.revision
    const { lastSeen } = steps
    const now = { question, decisionPoint, lastSeen, toldUnder }
    const changed = await changedFor([...this.#promised], now)
    this.#waiting.push(...changed.map((announcement) => listChanged(announcement, id)))
    if (!this.#parts.isPartial()) this.whole()
  }
}
