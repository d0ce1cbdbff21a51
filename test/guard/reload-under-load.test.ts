/** Eight reloads under load; five hundred are in test/long. */
import { test } from 'uvu'
import { reloadUnderLoad } from '../support/reloads.js'

test('eight reloads lose no call and no part of a stream, and each decision is of one policy', async () => {
  await reloadUnderLoad(8)
})

test.run()
