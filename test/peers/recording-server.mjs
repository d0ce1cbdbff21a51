/**
 * A server on standard input and output that keeps what it reads, byte for byte, in a file of its
 * own in the folder that it is given, and answers every request with nothing much.
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'

const file = join(process.argv[2], `${process.pid}.read`)
let rest = Buffer.alloc(0)

function answer({ id, method, params }) {
  if (id === undefined || method === undefined) return
  const result =
    method === 'initialize'
      ? {
          protocolVersion: params.protocolVersion,
          capabilities: {},
          serverInfo: { name: 'recording', version: '1' },
        }
      : {}
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`)
}

process.stdin.on('data', (chunk) => {
  appendFileSync(file, chunk)
  rest = Buffer.concat([rest, chunk])
  for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
    const line = rest.subarray(0, end)
    rest = rest.subarray(end + 1)
    try {
      answer(JSON.parse(line.toString()))
    } catch {
      // The test finds it in the file.
    }
  }
})
