/** What `init` writes from each start passes its own workflow, step by step as it is written. */

import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cli, folder } from '../cli/support.js'
import { installInto, runWorkflow } from '../support/policy-repository.js'

installInto(folder)

for (const start of ['roles', 'servers', 'read-only']) {
  test(`${start}: the steps of the workflow pass`, async () => {
    assert.is((await cli(['init', start, '--from', start])).code, 0)
    await runWorkflow(join(folder, start), folder)
  })
}

test.run()
