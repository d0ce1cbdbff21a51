/**
 * Writes compiler/NOTICE: the licences of everything linked into the Rego compiler, found beside the
 * linked packages, and of what OPA's own WebAssembly library holds, which is in every compiled
 * policy too. Equal texts are printed once.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const licenceName = /^(licen[cs]e|notice|copying|patents)/i
const opaModule = 'github.com/open-policy-agent/opa'

export function writeNotice(compiler, go) {
  const texts = new Map() // text → names of what it covers
  const add = (name, text) => {
    const key = text.replaceAll('\r\n', '\n').trim()
    texts.set(key, [...new Set([...(texts.get(key) ?? []), name])])
  }
  const goRoot = go(['env', 'GOROOT'])
  const standard = `the Go standard library and runtime (${go(['env', 'GOVERSION'])})`
  for (const file of licencesIn(goRoot)) add(standard, readFileSync(file, 'utf8'))
  let opaFolder = ''
  const format =
    '{{with .Module}}{{if .Version}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}\t{{.Dir}}'
  for (const line of go(['list', '-deps', '-f', format, '.']).split('\n')) {
    const [path, version, root, folder] = line.split('\t')
    if (!path || !folder) continue
    if (path === opaModule) opaFolder = root
    for (let at = folder; at.length >= root.length; at = dirname(at)) {
      const part = at === root ? '' : `: ${at.slice(root.length + 1)}`
      for (const file of licencesIn(at))
        add(`${path} ${version}${part}`, readFileSync(file, 'utf8'))
    }
  }
  const embedded = `${opaModule}: its WebAssembly library`
  for (const text of copyrightComments(join(opaFolder, 'wasm', 'src'))) add(embedded, text)
  add(`${embedded}: RE2`, readFileSync(join(compiler, 'licences', 're2.txt'), 'utf8'))
  add(`${embedded}: libc++`, readFileSync(join(compiler, 'licences', 'llvm-exception.txt'), 'utf8'))
  writeFileSync(join(compiler, 'NOTICE'), render(texts))
}

function licencesIn(folder) {
  return existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile() && licenceName.test(entry.name))
        .map((entry) => join(folder, entry.name))
        .sort()
    : []
}

/** The comments of C and C++ sources that name a copyright, each once. */
function copyrightComments(folder) {
  const found = new Set()
  for (const name of readdirSync(folder, { recursive: true }).sort()) {
    if (!/\.(c|cc|cpp|h)$/.test(name)) continue
    const source = readFileSync(join(folder, name), 'utf8')
    for (const [comment] of source.matchAll(/\/\*[\s\S]*?\*\/|(?:^\/\/.*\n)+/gm)) {
      if (/copyright/i.test(comment)) found.add(plain(comment))
    }
  }
  return found
}

function plain(comment) {
  return comment
    .replace(/^\/\*+|\*+\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*(\/\/|\*)? ?/, '').trimEnd())
    .join('\n')
    .trim()
}

function render(texts) {
  const line = '='.repeat(78)
  const head =
    'compiler/rego.wasm holds software of others under the licences below. Policies\n' +
    "compiled with it hold Open Policy Agent's WebAssembly library in turn.\n"
  const parts = [...texts].map(
    ([text, names]) => `${line}\n${names.join('\n')}\n${line}\n\n${text}\n`,
  )
  return [head, ...parts.sort()].join('\n')
}
