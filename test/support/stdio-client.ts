/** A client over stdio in this process: bytes in, lines out, as the test says. */
import { PassThrough } from 'node:stream'
import type { StdioClient } from '../../src/guard.js'
import type { Gateway } from './gateway.js'
import { initialize, notification } from './messages.js'

export interface StdioRig {
  readonly input: PassThrough
  readonly output: PassThrough
  /** Everything written so far, a line each. */
  readonly lines: readonly string[]
  /** Resolves when the gateway has ended. */
  served: Promise<void>
  send(message: object | string): void
  /** Waits for a message that satisfies the test; fails after 5 s. */
  receives(wanted: (message: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>
  /** The handshake. */
  open(): Promise<void>
}

export function serveStdio(
  gateway: Gateway,
  more: Partial<Pick<StdioClient, 'server' | 'claim'>> = {},
): StdioRig {
  const input = new PassThrough()
  const output = new PassThrough()
  const lines: string[] = []
  let rest = ''
  output.setEncoding('utf8').on('data', (text: string) => {
    const pieces = (rest + text).split('\n')
    rest = pieces.pop() ?? ''
    lines.push(...pieces)
  })
  const claim = { by: 'entry', id: 'alice' } as const
  const served = gateway.guard.serve({ input, output, server: 'up', claim, ...more })

  async function receives(
    wanted: (message: Record<string, unknown>) => boolean,
  ): Promise<Record<string, unknown>> {
    const deadline = performance.now() + 5000
    for (;;) {
      const found = lines.map(parsed).find((message) => message !== null && wanted(message))
      if (found !== undefined && found !== null) return found
      if (performance.now() > deadline) throw new Error(`no such line in ${lines.join('\n')}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  function send(message: object | string): void {
    input.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\n`)
  }

  return {
    input,
    output,
    lines,
    served,
    send,
    receives,
    async open() {
      send(initialize)
      await receives(({ id }) => id === 1)
      send(notification('notifications/initialized'))
    },
  }
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
