import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createDataPlaces } from '../../src/cli/data-place.js'

const placeOf = createDataPlaces({
  'data.json': '{\n  "tiers": {}\n}\n',
  'grants/data.yaml': '# ours\n"*":\n  a/b:\n    tool: {}\n',
  'grants/dev/data.yml': 'files: {}\n',
  'grants/broken/data.yaml': '[',
  'grants.rego': 'package grants\n',
})

const rows: readonly (readonly [pointer: string, file: string, row: number | null])[] = [
  ['/grants/*', 'grants/data.yaml', 2],
  ['/grants/*/a~1b/tool', 'grants/data.yaml', 4],
  ['/grants/*/a~1b/tool/missing', 'grants/data.yaml', 4],
  ['/grants/ops', 'grants/data.yaml', null],
  ['/grants/dev/files/tool', 'grants/dev/data.yml', 1],
  ['/grants/broken/a', 'grants/broken/data.yaml', null],
  ['/tiers/a', 'data.json', 2],
  ['/windows', 'data.json', null],
]
for (const [pointer, file, row] of rows) {
  test(`${pointer} is in ${file}`, () => {
    assert.equal(placeOf(pointer), { file, row })
  })
}

test('what no file brings has no place', () => {
  assert.is(createDataPlaces({ 'a.rego': '' })('/grants'), null)
})

test.run()
