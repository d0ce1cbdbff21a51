/** The closing line is counted from what ran, and only a run without a red has exit code 0. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FileResult } from './run-file.js'
import { Tally } from './tally.js'

const green: FileResult = {
  file: 'a',
  output: '',
  ms: 1,
  passed: 3,
  failed: 0,
  skipped: [],
  problems: [],
}

function closing(fill: (tally: Tally) => void): { code: number; last: string; all: string } {
  const lines: string[] = []
  const tally = new Tally((line) => lines.push(...line.split('\n')))
  fill(tally)
  const code = tally.close()
  return { code, last: lines.at(-1) ?? '', all: lines.join('\n') }
}

test('nothing ran: exit 1', () => {
  const { code, last } = closing(() => {})
  assert.is(last, '0 passed, 0 failed')
  assert.is(code, 1)
})

test('a red step: exit 1 and its output shown', () => {
  const { code, last, all } = closing((tally) => {
    tally.file('a', green)
    tally.step('Types hold', { ok: false, output: 'x.ts(1,1): error' }, 5)
  })
  assert.is(last, '3 passed, 1 failed')
  assert.is(code, 1)
  assert.match(all, 'x.ts(1,1): error')
})

test('a red file: exit 1, its problem and its whole output shown, indented', () => {
  const { code, last, all } = closing((tally) => {
    const output = 'first\n9 passed, 0 failed'
    tally.file('a', { ...green, passed: 2, failed: 1, problems: ['1 of 3'], output })
  })
  assert.is(last, '2 passed, 1 failed')
  assert.is(code, 1)
  assert.match(all, '1 of 3')
  assert.match(all, '    first\n    9 passed, 0 failed')
  assert.is(all.match(/^\d+ passed/gm)?.length, 1)
})

test('found no file: exit 1', () => {
  const { code, last } = closing((tally) => {
    tally.step('Types hold', { ok: true, output: '' }, 5)
    tally.fail('found no test file')
  })
  assert.is(last, '1 passed, 1 failed')
  assert.is(code, 1)
})

test('all green: exit 0, skips counted and named', () => {
  const { code, last, all } = closing((tally) => {
    tally.step('Types hold', { ok: true, output: '' }, 5)
    tally.file('a', { ...green, skipped: ['redis: none here'] })
  })
  assert.is(last, '4 passed, 0 failed, 1 skipped')
  assert.is(code, 0)
  assert.match(all, 'skipped: redis: none here')
})

test.run()
