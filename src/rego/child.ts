/**
 * Entry of the child process: one request on stdin, one reply on stdout, then the end. A reply is
 * one line of JSON; that of `compile` goes on with the bundle in a frame of its own. Its memory
 * goes back to the system with it, and the parent can kill it where nothing inside could stop a loop.
 */
import type { JsonObject } from '../domain.js'
import { readArtefact } from './artefact.js'
import { frameBundle } from './bundle-frame.js'
import { childFailure } from './child-failure.js'
import { startReactor } from './reactor.js'
import { setWasmFlags } from './wasm-flags.js'

const [, , op, pace, artefactFolder] = process.argv

setWasmFlags(pace)

async function readStdin(): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of process.stdin) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString('utf8')
}

async function main(): Promise<void> {
  try {
    const reactor = startReactor(readArtefact(artefactFolder), (text) => process.stderr.write(text))
    const reply = reactor(await readStdin())
    if (op === 'compile') writeBundle(reply)
    else process.stdout.write(reply)
  } catch (thrown) {
    process.stdout.write(JSON.stringify(childFailure(thrown)))
  }
}

function writeBundle(text: string): void {
  const reply = JSON.parse(text) as { ok?: boolean; result?: JsonObject }
  const frame = reply.ok === true && reply.result ? frameBundle(reply.result) : null
  if (frame === null) process.stdout.write(text)
  else {
    process.stdout.write('{"ok":true,"result":{}}\n')
    process.stdout.write(frame)
  }
}

await main()
