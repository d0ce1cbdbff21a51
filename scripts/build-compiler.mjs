/**
 * Builds the Rego compiler: compiler/rego.wasm.br, rego.json and NOTICE (`npm run build:compiler`).
 * With --check it builds into a temporary folder and compares: the raw bytes must have the digest in
 * rego.json. The bytes depend on the exact Go version, so where another one is installed the check
 * says so and passes; the packed file and the sources are compared with rego.json everywhere, and
 * with --digests nothing else is.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { writeNotice } from './lib/compiler-notice.mjs'
import { sourcesDigest } from './lib/compiler-sources.mjs'
import { unpackCompiler } from './lib/unpack-compiler.mjs'

const goVersion = '1.26.8'
const opaModule = 'github.com/open-policy-agent/opa'
const root = fileURLToPath(new URL('..', import.meta.url))
const compiler = join(root, 'compiler')
const packedFile = join(compiler, 'rego.wasm.br')
const infoFile = join(compiler, 'rego.json')

/** Where Go finds and keeps modules may be configured; nothing that gets into the bytes may. */
const whereabouts = ['GOPROXY', 'GONOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GOPRIVATE', 'GOINSECURE']
const pinned = {
  GOENV: 'off',
  GOFLAGS: '',
  GOWASM: '',
  GOEXPERIMENT: '',
  GOFIPS140: 'off',
  GOWORK: 'off',
  GOTOOLCHAIN: 'local',
  CGO_ENABLED: '0',
}
const target = { GOOS: 'wasip1', GOARCH: 'wasm' }

if (process.argv.includes('--digests')) checkDigests()
else main(process.argv.includes('--check'))

function main(check) {
  if (check) checkDigests()
  const installed = installedGo()
  if (installed !== goVersion) {
    const found = installed === null ? 'no Go was found' : `found Go ${installed}`
    if (check) return say(`not rebuilt: the bytes need Go ${goVersion}, ${found}`)
    console.error(`the Rego compiler is built with Go ${goVersion}: ${found}`)
    process.exitCode = 1
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-compiler-'))
  try {
    const raw = build(folder)
    if (check) runGoTests()
    if (check) compare(raw)
    else write(raw)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function installedGo() {
  try {
    const text = execFileSync('go', ['env', '-json', 'GOPATH', 'GOMODCACHE', ...whereabouts], {
      encoding: 'utf8',
    })
    Object.assign(process.env, JSON.parse(text), pinned)
    return go(['env', 'GOVERSION']).replace(/^go/, '')
  } catch {
    return null
  }
}

function build(folder) {
  const started = Date.now()
  const sources = copySources(join(folder, 'sources'))
  const file = join(folder, 'rego.wasm')
  const flags = ['-buildmode=c-shared', '-trimpath', '-buildvcs=false', '-mod=vendor']
  go(['build', ...flags, '-ldflags=-s -w -buildid=', '-o', file, '.'], sources)
  say(`built in ${((Date.now() - started) / 1000).toFixed(0)} s`)
  return readFileSync(file)
}

/** With all that they need beside them, and of OPA only what is used. */
function copySources(folder) {
  const isSource = (path) => !/rego\.wasm(\.br)?$/.test(path)
  cpSync(compiler, folder, { recursive: true, filter: isSource })
  go(['mod', 'vendor'], folder)
  const opa = join(folder, 'vendor', opaModule)
  const replaced = join(opa, 'v1', 'ir', 'pretty.go')
  // Beside it, ours would do nothing and nobody would notice.
  accessSync(replaced)
  copyFileSync(join(folder, 'instead', 'ir', 'pretty.go'), replaced)
  // What each version of OPA could do is a third of the module; requests bring what may be used.
  const capabilities = join(opa, 'capabilities')
  const [kept, ...others] = readdirSync(capabilities).filter((name) => name.endsWith('.json'))
  if (kept === undefined) throw new Error(`nothing is in ${capabilities}`)
  for (const name of others) rmSync(join(capabilities, name))
  return folder
}

/** The same sources on this machine's own processor: go test has no wasm to run. */
function runGoTests() {
  execFileSync('go', ['test', './...'], { cwd: compiler, stdio: 'inherit' })
}

function go(args, cwd = compiler) {
  return execFileSync('go', args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', args[0] === 'env' ? 'ignore' : 'inherit'],
    env: { ...process.env, ...target },
  }).trim()
}

function compare(raw) {
  const { sha256 } = info()
  const digest = digestOf(raw)
  if (digest === sha256) return say(`the bytes match: sha256 ${digest}`)
  console.error(`the bytes differ: rego.json names ${sha256}, this build has ${digest}`)
  console.error('run `npm run build:compiler` and commit what it writes')
  process.exitCode = 1
}

function checkDigests() {
  const { sha256, bytes, sources } = info()
  if (sourcesDigest(compiler) !== sources) {
    console.error('the Go sources in compiler/ are not those that rego.wasm.br was built from')
    console.error('run `npm run build:compiler` and commit what it writes')
    process.exitCode = 1
  }
  const raw = brotliDecompressSync(readFileSync(packedFile))
  if (raw.length === bytes && digestOf(raw) === sha256) return
  console.error('compiler/rego.wasm.br is not what compiler/rego.json names')
  process.exitCode = 1
}

function write(raw) {
  say('packing, this takes a minute or two')
  const packed = brotliCompressSync(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  })
  const opa = go(['list', '-m', '-f', '{{.Version}}', opaModule])
  const about = {
    sha256: digestOf(raw),
    bytes: raw.length,
    opa: opa.replace(/^v/, ''),
    go: goVersion,
    sources: sourcesDigest(compiler),
  }
  writeFileSync(packedFile, packed)
  writeFileSync(infoFile, `${JSON.stringify(about, null, 2)}\n`)
  writeNotice(compiler, go)
  unpackCompiler(root)
  say(
    `compiler/rego.wasm.br: ${packed.length} bytes, ${raw.length} unpacked, sha256 ${about.sha256}`,
  )
}

function info() {
  return JSON.parse(readFileSync(infoFile, 'utf8'))
}

function digestOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}

function say(text) {
  console.log(`build:compiler: ${text}`)
}
