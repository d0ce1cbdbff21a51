/** Who writes its counters down: the test's own process, its children too, or nobody. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { countingOf } from './coverage.js'
import { runFile } from './run-file.js'

const cache = join(process.cwd(), 'node_modules', '.cache', 'mcp-guard')
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'counted-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const planted = join(folder, 'planted.mjs')
writeFileSync(
  planted,
  `import { test } from 'uvu'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
test('a child and a thread', async () => {
  spawnSync(process.execPath, ['child.mjs'], { env: {} })
  await once(new Worker('./thread.mjs'), 'exit')
})
test.run()
`,
)
for (const name of ['child', 'thread']) {
  writeFileSync(join(folder, `${name}.mjs`), 'globalThis.done = true\n')
}

const rows = [
  { file: 'test/e2e/eras.test.ts', counted: [] },
  { file: 'test/property/framing.test.ts', counted: [] },
  { file: 'test/policies/mutation/sample.test.ts', counted: [] },
  { file: 'test/policies/rego.test.ts', counted: ['planted'] },
  { file: 'test/proxy/batches.test.ts', counted: ['planted'] },
  { file: 'test/policy/activate.test.ts', counted: ['child', 'planted', 'thread'] },
  { file: 'test/cli/run.test.ts', counted: ['child', 'planted', 'thread'] },
]

for (const { file, counted } of rows) {
  test(`${file} counts ${counted.join(', ') || 'nothing'}`, async () => {
    const root = mkdtempSync(join(folder, 'root-'))
    const counting = countingOf(file, root)
    const result = await runFile(planted, {
      cwd: folder,
      ...counting,
      env: { NODE_V8_COVERAGE: '', ...counting.env },
      limitMs: 20_000,
      skipIsFailure: false,
    })
    assert.equal(result.problems, [], result.output)
    assert.equal(countedIn(join(root, 'coverage', 'tmp')), counted)
  })
}

/** The planted files that somebody's counters are of. */
function countedIn(tmp: string): string[] {
  let texts: string[] = []
  try {
    texts = readdirSync(tmp).map((name) => readFileSync(join(tmp, name), 'utf8'))
  } catch {
    return []
  }
  const names = ['child', 'planted', 'thread']
  return names.filter((name) => texts.some((text) => text.includes(`/${name}.mjs"`)))
}

test.run()
