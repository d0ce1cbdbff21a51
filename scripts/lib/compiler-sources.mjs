/**
 * One digest over the Go sources that the Rego compiler is built from: go.mod, go.sum and every .go
 * file that is not a test, in the order of their paths. It needs no Go, so that every run can tell
 * whether compiler/rego.wasm.br was built from the sources beside it.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export function sourcesDigest(compiler) {
  const paths = readdirSync(compiler, { recursive: true })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /^go\.(mod|sum)$/.test(path) || /(?<!_test)\.go$/.test(path))
    .sort()
  const hash = createHash('sha256')
  for (const path of paths) {
    const text = readFileSync(join(compiler, path))
    hash.update(`${path}\0${text.length}\0`).update(text)
  }
  return hash.digest('hex')
}
