/**
 * The runner against planted files: everything that uvu itself would call green must be red.
 * Each row is written to disk and run in a process of its own, like any test file.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runFile } from './run-file.js'

interface Row {
  readonly name: string
  readonly lines: readonly string[]
  /** Passed, failed, skipped. */
  readonly counts: readonly [number, number, number]
  readonly problems: readonly string[]
  readonly skipIsFailure?: boolean
  readonly limitMs?: number
}

const importTest = `import { test } from 'uvu'`
const importSuite = `import { suite } from 'uvu'`
const good = `test('good', () => {})`
const importSkip = `import { testUnless } from '${new URL('./skip.js', import.meta.url).href}'`
const skipped = `testUnless('no redis here', test)('redis', () => {})`
const notSkipped = `testUnless(null, test)('redis', () => {})`

const rows: readonly Row[] = [
  {
    name: 'no run()',
    lines: [importTest, good],
    counts: [0, 1, 0],
    problems: ['test.run() is missing', 'printed 0 totals where uvu prints one'],
  },
  {
    name: 'a before hook that throws',
    lines: [importTest, `test.before(() => { throw new Error('no') })`, good, 'test.run()'],
    counts: [0, 1, 0],
    problems: ['1 of 1 tests did not pass'],
  },
  {
    name: 'a thrown string',
    lines: [importTest, good, `test('bad', () => { throw 'text' })`, 'test.run()'],
    counts: [1, 1, 0],
    problems: ['1 of 2 tests did not pass'],
  },
  {
    name: 'a thrown null',
    lines: [importTest, `test('bad', () => { throw null })`, good, 'test.run()'],
    counts: [0, 2, 0],
    problems: ['2 of 2 tests did not pass'],
  },
  {
    name: 'a failing assertion',
    lines: [importTest, good, `test('bad', () => { throw new Error('no') })`, 'test.run()'],
    counts: [1, 1, 0],
    problems: ['ended with exit 1', '1 of 2 tests did not pass'],
  },
  {
    name: 'a promise that never settles',
    lines: [importTest, `test('bad', () => new Promise(() => {}))`, 'test.run()'],
    counts: [0, 1, 0],
    problems: ['ended with exit 1', 'printed 0 totals where uvu prints one'],
  },
  {
    name: 'a promise that never settles, with an open handle',
    lines: [
      importTest,
      `test('bad', () => new Promise(() => setInterval(() => {}, 1000)))`,
      'test.run()',
    ],
    counts: [0, 1, 0],
    problems: ['ran into the time limit', 'printed 0 totals where uvu prints one'],
    limitMs: 700,
  },
  {
    name: 'a handle that stays open after the last test',
    lines: [importTest, `test('opens', () => { setInterval(() => {}, 1000) })`, 'test.run()'],
    counts: [1, 1, 0],
    problems: ['ran into the time limit'],
    limitMs: 700,
  },
  {
    name: 'a rejection that nobody waits for',
    lines: [
      importTest,
      `test('bad', async () => {`,
      `  Promise.reject(new Error('no'))`,
      `  await new Promise((resolve) => setTimeout(resolve, 100))`,
      `})`,
      'test.run()',
    ],
    counts: [0, 1, 0],
    problems: ['ended with exit 1', 'printed 0 totals where uvu prints one'],
  },
  {
    name: 'process.exit(0) inside a test',
    lines: [importTest, good, `test('bad', () => process.exit(0))`, 'test.run()'],
    counts: [0, 1, 0],
    problems: ['ended with exit 1', 'printed 0 totals where uvu prints one'],
  },
  {
    name: 'one of two suites without run()',
    lines: [
      importSuite,
      `const a = suite('a')`,
      `const b = suite('b')`,
      `a('good', () => {})`,
      `b('bad', () => { throw new Error('no') })`,
      'a.run()',
    ],
    counts: [1, 1, 0],
    problems: ['b.run() is missing'],
  },
  {
    name: 'a test registered after run()',
    lines: [importTest, good, 'test.run()', `test('bad', () => { throw new Error('no') })`],
    counts: [1, 1, 0],
    problems: ['tests are registered after the last test.run()'],
  },
  {
    name: 'no test at all',
    lines: [importTest, 'test.run()'],
    counts: [0, 1, 0],
    problems: ['ran no test'],
  },
  {
    name: 'a forgotten only',
    lines: [importTest, `test.only('one', () => {})`, good, 'test.run()'],
    counts: [1, 1, 0],
    problems: ['1 skipped, 0 of them with name and reason'],
  },
  {
    name: 'a skip without a word',
    lines: [importTest, good, `test.skip('redis', () => {})`, 'test.run()'],
    counts: [1, 1, 0],
    problems: ['1 skipped, 0 of them with name and reason'],
  },
  {
    name: 'an announced skip where a skip is a failure',
    lines: [importTest, importSkip, good, skipped, 'test.run()'],
    counts: [1, 1, 1],
    problems: ['a skip is a failure here'],
    skipIsFailure: true,
  },
  {
    name: 'a process left behind',
    lines: [
      importTest,
      `import { spawn } from 'node:child_process'`,
      `test('leaves', () => {`,
      `  spawn('sleep', ['30'], { stdio: 'ignore' }).unref()`,
      `})`,
      'test.run()',
    ],
    counts: [1, 1, 0],
    problems: ['left processes behind'],
  },
  {
    name: 'a file that does not load',
    lines: [`import './is-not-there.js'`],
    counts: [0, 1, 0],
    problems: ['ended with exit 1', 'printed 0 totals where uvu prints one'],
  },
  { name: 'good', lines: [importTest, good, 'test.run()'], counts: [1, 0, 0], problems: [] },
  {
    name: 'two good suites',
    lines: [
      importSuite,
      `const a = suite('a')`,
      `const b = suite('b')`,
      `a('good', () => {})`,
      `b('good', () => {})`,
      'a.run()',
      'b.run()',
    ],
    counts: [2, 0, 0],
    problems: [],
  },
  {
    name: 'an announced skip',
    lines: [importTest, importSkip, good, skipped, 'test.run()'],
    counts: [1, 0, 1],
    problems: [],
  },
  {
    name: 'no need to skip',
    lines: [importTest, importSkip, good, notSkipped, 'test.run()'],
    counts: [2, 0, 0],
    problems: [],
  },
]

// Below node_modules, so that the planted files find uvu and no tool of ours finds them.
const cache = join(process.cwd(), 'node_modules', '.cache', 'mcp-guard')
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'planted-'))

test.after(() => rmSync(folder, { recursive: true, force: true }))

for (const [index, row] of rows.entries()) {
  test(row.name, async () => {
    const file = join(folder, `${index}.mjs`)
    writeFileSync(file, `${row.lines.join('\n')}\n`)
    const result = await runFile(file, {
      cwd: folder,
      limitMs: row.limitMs ?? 20_000,
      skipIsFailure: row.skipIsFailure ?? false,
    })
    assert.equal(result.problems, row.problems, result.output)
    assert.equal([result.passed, result.failed, result.skipped.length], row.counts)
  })
}

test('a file that was not compiled', async () => {
  const options = { cwd: folder, limitMs: 1_000, skipIsFailure: false }
  const result = await runFile(join(folder, 'nowhere.test.js'), options)
  assert.equal(result.problems, ['was not compiled'])
  assert.is(result.failed, 1)
})

test.run()
