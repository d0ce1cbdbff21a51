/** Long files need a listed reason, and a reason needs a long file. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { longFiles } from './file-length.js'

const long = 'x\n'.repeat(401)
const longest = 'x\n'.repeat(400)
const header = '/**\n * Generated from schemas/ by a script; do not edit.\n */\n'

const rows = [
  {
    path: 'src/a.ts',
    text: long,
    problems: ['src/a.ts: 401 lines; split it, or list the reason in file-length.ts'],
  },
  {
    path: 'src/listed.ts',
    text: 'x\n',
    problems: ['src/listed.ts: is short again, drop its reason'],
  },
  { path: 'src/listed.ts', text: long, problems: [] },
  { path: 'src/a.ts', text: longest, problems: [] },
  { path: 'src/contracts.ts', text: header + long, problems: [] },
  { path: 'docs/a.md', text: long, problems: [] },
]

for (const { path, text, problems } of rows) {
  test(`${path} of ${text.split('\n').length - 1} lines`, () => {
    assert.equal(longFiles([{ path, text }], { 'src/listed.ts': 'one table' }), problems)
  })
}

test.run()
