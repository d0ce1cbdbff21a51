/** What other programs may import, as they spell it. A change here breaks them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as api from '../../src/index.js'

test('the public API is these names and no others', () => {
  assert.equal(Object.keys(api).sort(), [
    'GuardError',
    'createGuard',
    'errorTable',
    'formatConfigProblem',
    'loadConfig',
  ])
})

test.run()
