/**
 * The session of the older era that a client without headers of its own is in, as the answers to its
 * messages say: the id that `initialize` was given, the version negotiated, and the end of it. What is
 * said of a session says nothing of the one that has begun since.
 */
import type { Message } from '../../domain.js'
import { versionOf } from './read-messages.js'

/** What the head of an answer says, or a refusal. */
export interface SaidOfSession {
  readonly status: number
  /** The session that was asked in; null: none. */
  readonly askedIn: string | null
  readonly given?: string | undefined
}

export class ClientSession {
  readonly #lost: () => void
  #id: string | null = null
  #protocolVersion: string | null = null

  constructor(lost: () => void) {
    this.#lost = lost
  }

  get id(): string | null {
    return this.#id
  }

  /** Null: none was negotiated. */
  get protocolVersion(): string | null {
    return this.#protocolVersion
  }

  /** Of every request in it; name and value alternate. */
  get headers(): string[] {
    const headers = this.#id === null ? [] : ['mcp-session-id', this.#id]
    if (this.#protocolVersion !== null) headers.push('mcp-protocol-version', this.#protocolVersion)
    return headers
  }

  /** A second `initialize` that is refused leaves it; 404 ends it, so another may begin. */
  note(asked: Message | null, { status, askedIn, given }: SaidOfSession): void {
    if (versionOf(asked?.params?.['_meta']) !== null) return
    if (status !== 404) {
      if (asked?.method === 'initialize') this.#id = given ?? this.#id
    } else if (askedIn !== null && askedIn === this.#id) {
      this.#id = null
      this.#lost()
    }
  }

  negotiated(version: string | null): void {
    this.#protocolVersion = version ?? this.#protocolVersion
  }

  /** It is about to be ended. */
  forget(): void {
    this.#id = null
  }
}
