/**
 * Sessions of the older era with a server that knows no session ids: a connection each. Answers as a
 * Streamable HTTP server does: `initialize` begins one, a message without an id is refused with 400,
 * an unknown id with 404, DELETE ends one. The ids live in this process, so that a session that
 * another replica began, or that is over, is unknown here, and its client begins anew.
 */
import { randomBytes } from 'node:crypto'
import { GuardError } from '../../errors.js'
import type { FrameSink } from '../frames.js'
import type { Exchange, UpstreamRequest } from './back.js'
import type { Connection } from './connection.js'
import { Delivery } from './delivery.js'
import { refuseMessage } from './own-answer.js'

/** Calls `done` at once or later, exactly once unless it is cancelled. */
export type Connect = (
  wanted: { readonly principal: string; readonly sessionId: string },
  done: (result: Connection | GuardError) => void,
) => { cancel(): void }

const idBytes = 16

export class Sessions {
  readonly #connect: Connect
  readonly #connections = new Map<string, Connection>()

  constructor(connect: Connect) {
    this.#connect = connect
  }

  open(request: UpstreamRequest, sink: FrameSink): Exchange {
    const { sessionId, principal, message, verb } = request
    const initialises = message?.kind === 'request' && message.method === 'initialize'
    if (sessionId === null && initialises) return this.#begin(request, sink)
    const delivery = new Delivery(sink, () => undefined)
    const over = { abort: () => delivery.stop() }
    if (sessionId === null) {
      refuseMessage(delivery, message, 'the session id is missing')
      return over
    }
    const connection = this.#connections.get(sessionId)
    if (connection === undefined || connection.principal !== principal) {
      delivery.status(404)
      return over
    }
    if (verb === 'DELETE') {
      connection.close()
      delivery.status(200)
      return over
    }
    if (initialises) {
      refuseMessage(delivery, message, 'the session is initialised already')
      return over
    }
    return connection.open(request, sink)
  }

  /** To be told when a connection is over. */
  forget(sessionId: string): void {
    this.#connections.delete(sessionId)
  }

  close(): void {
    for (const connection of [...this.#connections.values()]) connection.close()
  }

  #begin(request: UpstreamRequest, sink: FrameSink): Exchange {
    const sessionId = randomBytes(idBytes).toString('base64url')
    let exchange: Exchange | null = null
    const { principal } = request
    const connecting = this.#connect({ principal, sessionId }, (result) => {
      if (result instanceof GuardError) return sink.fail(result)
      if (!result.isOver) this.#connections.set(sessionId, result)
      exchange = result.open(request, sink)
    })
    function abort(): void {
      connecting.cancel()
      exchange?.abort()
    }
    // A session whose id nobody is told is of no use to anybody.
    return { abort, orphan: abort }
  }
}
