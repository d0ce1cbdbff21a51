/** A request as the pipeline is to see it: at another path, of another transport, of one principal. */
import type { Connection } from '../../domain.js'
import type { FrameSink } from '../frames.js'
import type { BodyResult, Gone, Inbound } from '../inbound.js'
import type { HttpAnswer } from '../outcome.js'

export class Readdressed implements Inbound {
  readonly transport = 'sse'
  readonly verb: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly ip: string
  readonly connection: Connection
  readonly owner: string | null | undefined
  readonly holdsConnection: boolean
  readonly sink: FrameSink
  readonly #inbound: Inbound

  constructor(inbound: Inbound, target: string, owner?: string | null) {
    this.verb = inbound.verb
    this.target = target
    this.rawHeaders =
      inbound.verb === 'POST' ? acceptingAny(inbound.rawHeaders) : inbound.rawHeaders
    this.ip = inbound.ip
    this.connection = inbound.connection
    this.owner = owner
    this.holdsConnection = inbound.holdsConnection === true
    this.sink = inbound.sink
    this.#inbound = inbound
  }

  get begun(): boolean {
    return this.#inbound.begun
  }

  get bytesIn(): number {
    return this.#inbound.bytesIn
  }

  readBody(): Promise<BodyResult> {
    return this.#inbound.readBody()
  }

  reply(answer: HttpAnswer): void {
    this.#inbound.reply(answer)
  }

  forwarded(): void {
    this.#inbound.forwarded()
  }

  /** Its owner lets it end when the answers that it owes have passed. */
  endOnDrain(): void {}

  onGone(listener: (why: Gone) => void): void {
    this.#inbound.onGone(listener)
  }
}

/** What a post accepts is said of its 202; its message is answered on the stream. */
function acceptingAny(rawHeaders: readonly string[]): readonly string[] {
  return rawHeaders.map((text, index) => {
    const isValue = index % 2 === 1
    return isValue && rawHeaders[index - 1]?.toLowerCase() === 'accept' ? '*/*' : text
  })
}
