/**
 * Asks an upstream for a list on the gateway's own account, page by page, so that an item can be
 * judged by its definition although nobody listed it. The answer passes the same filter as any
 * other and ends here: no client sees it. What fails leaves the items unknown, a line in the log
 * and a count; it is not the caller's fault and not its answer.
 */

import type { Reading } from '../catalogue/catalogue.js'
import type { Era, JsonObject, ListKind, Message } from '../domain.js'
import { asGuardError, GuardError } from '../errors.js'
import { ownMessage } from '../mcp/json-rpc.js'
import { listMethods } from '../mcp/methods.js'
import { type AnswerContext, AnswerFilter, type Expected } from './answer/filter.js'
import type { ListPage } from './answer/list-page.js'
import type { Exchange, UpstreamRequest } from './back/back.js'
import type { AnswerHead, Flow, FrameSink } from './frames.js'
import type { Route, Steps } from './steps.js'

export interface ListQuestion {
  readonly steps: Steps
  readonly route: Route
  readonly kind: ListKind
  /** As whom the upstream is asked. */
  readonly asker: Pick<UpstreamRequest, 'era' | 'sessionId' | 'principal'>
  /** What the upstream sees, as far as it is the same for every page. */
  readonly headers: readonly string[]
  readonly meta: JsonObject | null
  /** What the server sends beside the answer. */
  readonly onServerMessage: (message: Message) => void
}

export async function askForList(question: ListQuestion, reading: Reading): Promise<void> {
  const { steps, route, kind } = question
  const server = route.server.name
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), route.timeoutMs)
  try {
    let cursor: string | null = null
    do {
      const page: ListPage = await askForPage(question, cursor, deadline.signal)
      await reading.page({ ...page, cursor })
      cursor = reading.next
    } while (cursor !== null)
    steps.observer.catalogue?.({ server, list: kind, result: 'learnt' })
  } catch (thrown) {
    const error = asGuardError(thrown, 'GUARD_INTERNAL', 'the list could not be read')
    steps.observer.catalogue?.({ server, list: kind, result: 'failed' })
    const text = `the ${kind} of a server stay unknown: ${error.code}: ${error.message}`
    steps.observer.log?.('warn', text, { server })
  } finally {
    clearTimeout(timer)
  }
}

function askForPage(
  { steps, route, kind, asker, headers, meta, onServerMessage }: ListQuestion,
  cursor: string | null,
  deadline: AbortSignal,
): Promise<ListPage> {
  return new Promise((resolve, reject) => {
    const method = listMethods[kind]
    const id = `mcp-guard-${steps.nextRequestId()}`
    const params = {
      ...(cursor === null ? {} : { cursor }),
      ...(meta === null ? {} : { _meta: meta }),
    }
    const message = ownMessage({ jsonrpc: '2.0', id, method, params })
    // 2026-07-28: what a request is stands in its headers too.
    const mirror = meta === null ? [] : ['mcp-method', method]
    let exchange: Exchange | null = null
    const onDeadline = () =>
      settle(new GuardError('GUARD_UPSTREAM_TIMEOUT', 'the list did not come in time'))
    const settle = (outcome: ListPage | GuardError) => {
      deadline.removeEventListener('abort', onDeadline)
      // An event stream may stay open behind its answer.
      exchange?.abort()
      if (outcome instanceof GuardError) reject(outcome)
      else resolve(outcome)
    }
    if (deadline.aborted) return onDeadline()
    deadline.addEventListener('abort', onDeadline)
    const answer = new PageAnswer({
      expected: { type: 'own', id },
      era: asker.era,
      kind,
      settle,
      onServerMessage,
    })
    exchange = route.back.open(
      {
        verb: 'POST',
        ...asker,
        message,
        headers: [...headers, ...mirror],
        ofGateway: true,
        longLived: false,
      },
      new AnswerFilter(answer, answer),
    )
  })
}

interface PageAnswerParts extends Pick<AnswerContext, 'expected' | 'era'> {
  readonly kind: ListKind
  readonly settle: (outcome: ListPage | GuardError) => void
  readonly onServerMessage: (message: Message) => void
}

/** Takes the page when the filter asks who may see it: nobody may, and so nothing passes. */
class PageAnswer implements AnswerContext, FrameSink {
  readonly expected: Expected
  readonly era: Era
  readonly #kind: ListKind
  readonly #settle: (outcome: ListPage | GuardError) => void
  readonly #onServerMessage: (message: Message) => void
  #page: ListPage | null = null

  constructor({ expected, era, kind, settle, onServerMessage }: PageAnswerParts) {
    this.expected = expected
    this.era = era
    this.#kind = kind
    this.#settle = settle
    this.#onServerMessage = onServerMessage
  }

  async visible(...[kind, names, page]: Parameters<AnswerContext['visible']>): Promise<boolean[]> {
    if (kind === this.#kind) this.#page = page()
    return names.map(() => false)
  }

  allows(message: Message): boolean {
    this.#onServerMessage(message)
    return false
  }

  allowsInput(): boolean {
    return false
  }

  deny(): void {
    this.#refuse('the server asks for input before it lists')
  }

  dropped(): void {}

  settle(): void {}

  head(head: AnswerHead): Flow {
    if (head.framing === 'none') this.#refuse(`an answer without a body (${head.status})`)
    return undefined
  }

  part(): Flow {
    this.#refuse('no list in the answer')
    return undefined
  }

  message(bytes: Uint8Array): Flow {
    // A priming event of a stream that can be resumed has no data.
    if (bytes.length === 0) return undefined
    if (this.#page === null) this.#refuse('no list in the answer')
    else this.#settle(this.#page)
    return undefined
  }

  idle(): Flow {
    return undefined
  }

  end(): Flow {
    this.#refuse('the answer ended without a list')
    return undefined
  }

  fail(error: GuardError): void {
    this.#settle(error)
  }

  #refuse(problem: string): void {
    this.#settle(new GuardError('GUARD_UPSTREAM_INVALID', problem))
  }
}
