/**
 * Unpacks compiler/rego.wasm.br beside itself. The repository keeps the compiler packed; what is
 * installed has it unpacked, because each use of it starts a process that would have to.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

/** Writes rego.wasm unless it is there already; throws when the packed bytes are not the named ones. */
export function unpackCompiler(root) {
  const folder = join(root, 'compiler')
  const file = join(folder, 'rego.wasm')
  const { sha256, bytes } = JSON.parse(readFileSync(join(folder, 'rego.json'), 'utf8'))
  const isNamed = (raw) => createHash('sha256').update(raw).digest('hex') === sha256
  if (existsSync(file) && isNamed(readFileSync(file))) return
  const packed = readFileSync(join(folder, 'rego.wasm.br'))
  const raw = brotliDecompressSync(packed, { maxOutputLength: bytes })
  if (!isNamed(raw)) throw new Error('compiler/rego.wasm.br is not what compiler/rego.json names')
  // Whoever reads it meanwhile has the old one or the new one.
  const written = `${file}.${process.pid}`
  try {
    writeFileSync(written, raw)
    renameSync(written, file)
  } finally {
    rmSync(written, { force: true })
  }
}
