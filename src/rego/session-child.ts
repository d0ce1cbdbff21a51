/**
 * Entry of a compiler that answers several requests: a line of JSON in, a line of JSON out, until
 * standard input ends. It keeps what it parsed. A request that broke the compiler off is answered
 * without an end of line and is the last one: nobody knows what its memory holds.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { readArtefact } from './artefact.js'
import { childFailure } from './child-failure.js'
import { startReactor } from './reactor.js'
import { setWasmFlags } from './wasm-flags.js'

const [, , pace, artefactFolder] = process.argv

setWasmFlags(pace)

async function main(): Promise<void> {
  try {
    const reactor = startReactor(readArtefact(artefactFolder), (text) => process.stderr.write(text))
    for await (const line of createInterface({ input: process.stdin })) {
      if (!process.stdout.write(`${reactor(line)}\n`)) await once(process.stdout, 'drain')
    }
  } catch (thrown) {
    process.stdout.write(JSON.stringify(childFailure(thrown)), () => process.exit())
  }
}

await main()
