/** One start whole, the one with a rule of its own; all of them are in test/long. */
import { test } from 'uvu'
import { testStarts } from '../support/starts.js'

testStarts(['read-only'])

test.run()
