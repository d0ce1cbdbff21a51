/**
 * Listens at a client's transport: which progress came, whether the server was told of a
 * cancellation, and whether it answered the cancelled call all the same. Clients drop progress that
 * comes in one piece with the answer.
 */
export function tap(transport) {
  const calls = new Map()
  const cancelled = new Set()
  const answered = new Set()
  const progress = []
  const send = transport.send.bind(transport)
  transport.send = (message, ...more) => {
    for (const one of [message].flat()) {
      if (one.method === 'tools/call') calls.set(one.params.name, one.id)
      if (one.method === 'notifications/cancelled') cancelled.add(one.params.requestId)
    }
    return send(message, ...more)
  }
  return {
    /** Once the client has put its own listener in place. */
    hear() {
      const { onmessage } = transport
      transport.onmessage = (message, ...more) => {
        if (message.id !== undefined && message.method === undefined) answered.add(message.id)
        if (message.method === 'notifications/progress') progress.push(message.params)
        onmessage?.(message, ...more)
      }
    },
    progress: () => progress.map(({ progress, total }) => ({ progress, total })),
    afterwards(name) {
      const id = calls.get(name)
      return { told: cancelled.has(id), late: answered.has(id) }
    },
  }
}
