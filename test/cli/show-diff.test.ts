/** Diffs for people: what changed, and nothing that a terminal would carry out. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { showDiff } from '../../src/cli/show-diff.js'
import { unpainted } from '../../src/lib/paint.js'

const rows: readonly {
  name: string
  file?: string
  before: string
  after: string
  diff: readonly string[]
}[] = [
  {
    name: 'escapes, carriage returns and a missing newline are shown, not carried out',
    before: 'a\nb\r\n\tc\u001b[31m\u202e',
    after: 'a\nb\n\tc\n',
    diff: [
      '--- a/x.rego',
      '+++ b/x.rego',
      '@@ -1,3 +1,3 @@',
      ' a',
      '-b\\u000d',
      '-\tc\\u001b[31m\\u202e',
      '\\ No newline at end of file',
      '+b',
      '+\tc',
    ],
  },
  {
    name: 'a hostile name stays on its line',
    file: 'a"\n+++ b/evil\u001b[2J',
    before: '',
    after: 'new\n',
    diff: [
      '--- "a/a\\"\\n+++ b/evil\\033[2J"',
      '+++ "b/a\\"\\n+++ b/evil\\033[2J"',
      '@@ -0,0 +1,1 @@',
      '+new',
    ],
  },
  {
    name: 'three lines around a change, two changes apart',
    before: '1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n',
    after: '1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n11\n',
    diff: [
      '--- a/x.rego',
      '+++ b/x.rego',
      '@@ -2,11 +2,10 @@',
      ' 2',
      ' 3',
      ' 4',
      '-5',
      '+five',
      ' 6',
      ' 7',
      ' 8',
      ' 9',
      ' 10',
      ' 11',
      '-12',
    ],
  },
  { name: 'nothing', before: 'a\n', after: 'a\n', diff: [] },
]

for (const { name, file = 'x.rego', before, after, diff } of rows) {
  test(name, () => {
    assert.equal(showDiff(file, before, after, unpainted).split('\n'), [...diff, ''])
  })
}

test('colour by line, also where the text looks like a header', () => {
  const painted = showDiff('x', '-- a\n@@\n', '++ a\n@@\n', (code, text) => `${code}|${text}`)
  assert.equal(painted.split('\n'), [
    '1|--- a/x',
    '1|+++ b/x',
    '36|@@ -1,2 +1,2 @@',
    '31|--- a',
    '32|+++ a',
    ' @@',
    '',
  ])
})

test.run()
