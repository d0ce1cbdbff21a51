/** The import rules against planted trees: each wrong import is named, and nothing is not green. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkLayers, judgeLayers } from './layers.js'

const root = process.cwd()
const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-layers-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const planted: Record<string, string> = {
  'src/errors.ts': `export const one = 1\n`,
  'src/domain.ts': `export interface Word { a: 1 }\n`,
  'src/guard.ts': `import '../test/helper.js'\nimport './proxy/pipeline.js'\nimport './odd/new.js'\n`,
  'src/lib/leaf.ts': `import type { Word } from '../domain.js'\nexport type Leaf = Word\n`,
  'src/mcp/wire.ts': `import '../proxy/pipeline.js'\nimport 'node:fs'\nexport const wire = 1\n`,
  'src/audit/decide.ts': `import { wire } from '../mcp/wire.js'\nexport const decide = wire\n`,
  'src/limit/memory.ts': `import type { Leaf } from '../lib/leaf.js'\nexport type M = Leaf\n`,
  'src/audit/event.ts': `import type { M } from '../limit/memory.js'\nexport type E = M\n`,
  'src/proxy/pipeline.ts':
    `import { decide } from '../audit/decide.js'\nimport type { M } from '../limit/memory.js'\n` +
    `export const pipeline: M | 1 = decide\n`,
  'src/proxy/front/http.ts': `import '../back/http.js'\nimport 'undici'\n`,
  'src/proxy/back/http.ts': `import './agent.js'\nimport 'undici'\n`,
  'src/proxy/back/agent.ts': `import './http.js'\nimport 'uvu'\n`,
  'src/lib/alone.ts': `export const alone = 1\n`,
  'src/lib/broken.ts': `import './is-not-there.js'\n`,
  'src/odd/new.ts': `import '../errors.js'\n`,
  'test/helper.ts': `export const helper = 1\n`,
}

function plant(files: Record<string, string>): string {
  const cwd = mkdtempSync(join(folder, 'tree-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(cwd, dirname(path)), { recursive: true })
    writeFileSync(join(cwd, path), text)
  }
  for (const name of ['undici', 'uvu']) {
    mkdirSync(join(cwd, 'node_modules', name), { recursive: true })
    writeFileSync(join(cwd, 'node_modules', name, 'index.js'), '')
    writeFileSync(join(cwd, 'node_modules', name, 'package.json'), '{"main":"index.js"}')
  }
  return cwd
}

test('every planted violation is found, and nothing else', async () => {
  const result = await checkLayers(root, plant(planted))
  const found = result.output
    .split('\n')
    .map((line) => line.replace(/^[^:]*-may-import-[^:]*/, 'layer'))
  assert.is(result.ok, false)
  assert.equal(found.sort(), [
    'every-file-is-in-a-listed-room: src/guard.ts → src/odd/new.ts',
    'every-importer-is-in-a-listed-room: src/odd/new.ts → src/errors.ts',
    'front-back-and-bridge-stay-apart: src/proxy/front/http.ts → src/proxy/back/http.ts',
    'import-resolves: src/lib/broken.ts → ./is-not-there.js',
    'layer: src/audit/decide.ts → src/mcp/wire.ts',
    'layer: src/audit/event.ts → src/limit/memory.ts',
    'layer: src/lib/leaf.ts → src/domain.ts',
    'layer: src/mcp/wire.ts → src/proxy/pipeline.ts',
    'layer: src/proxy/pipeline.ts → src/audit/decide.ts',
    'mcp-is-pure: src/mcp/wire.ts → fs',
    'no-cycle: src/audit/decide.ts → src/mcp/wire.ts → src/proxy/pipeline.ts → src/audit/decide.ts',
    'no-cycle: src/proxy/back/agent.ts → src/proxy/back/http.ts → src/proxy/back/agent.ts',
    'no-orphan: src/lib/alone.ts → src/lib/alone.ts',
    'package-without-a-home: src/proxy/back/agent.ts → node_modules/uvu/index.js',
    'src-stays-in-src: src/guard.ts → test/helper.ts',
    'undici-lives-in-src/proxy/back/-or-src/fetcher/: src/proxy/front/http.ts → node_modules/undici/index.js',
  ])
})

test('allowed imports are green', async () => {
  const result = await checkLayers(
    root,
    plant({
      'src/errors.ts': `export const one = 1\n`,
      'src/guard.ts': `import './proxy/pipeline.js'\nimport './limit/memory.js'\n`,
      'src/limit/memory.ts': `import { one } from '../errors.js'\nexport type M = typeof one\n`,
      'src/proxy/pipeline.ts':
        `import type { M } from '../limit/memory.js'\nimport './back/http.js'\n` +
        `export const pipeline: M = 1\n`,
      'src/proxy/back/http.ts': `import 'undici'\nimport 'node:http'\n`,
    }),
  )
  assert.is(result.output, '')
  assert.is(result.ok, true)
  assert.is(result.modules, 5)
})

test('an empty tree is red', async () => {
  const result = await checkLayers(root, plant({ 'src/notes.txt': '' }))
  assert.is(result.ok, false)
  assert.match(result.output, 'looked at 0 modules')
})

test('a report without modules is red', () => {
  const result = judgeLayers({ summary: { totalCruised: 0, violations: [] }, modules: [] })
  assert.equal(result, { ok: false, modules: 0, output: 'looked at 0 modules' })
})

test.run()
