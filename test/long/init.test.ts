/** What `init` writes from each start passes its own workflow, and its gateway runs. */
import { test } from 'uvu'
import { testStarts } from '../support/starts.js'

testStarts(['roles', 'servers', 'read-only'])

test.run()
