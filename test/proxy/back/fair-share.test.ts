/** Whose place is given up: as a table. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { placeToGiveUp } from '../../../src/proxy/back/fair-share.js'

/** `a3`: of the principal a, quiet since 3; `a-`: needed now. */
const rows = [
  { places: '', given: null },
  { places: 'a1', given: null, why: 'one is no more than a share' },
  { places: 'a1 a2 x3', given: null, why: 'with one more the tables would be turned' },
  { places: 'a2 a1', given: 'a1', why: 'the quietest' },
  { places: 'a2 a1 a3 x1', given: 'a1' },
  { places: 'a- a-', given: null, why: 'none is to spare' },
  { places: 'a- a5', given: 'a5' },
  { places: 'a1 a2 b3 b4 b5', given: 'b3', why: 'of who has most' },
  { places: 'b3 b4 b5 a1 a2', given: 'b3', why: 'in whatever order' },
  { places: 'a1 a2 b- b- b-', given: 'a1', why: 'who has most has none to spare' },
  { places: 'x1 x2 x3', given: null, why: 'never the asker’s own' },
]
for (const { places, given, why } of rows) {
  test(`${places || 'none'}: ${given ?? 'nobody'}${why === undefined ? '' : `, ${why}`}`, () => {
    const held = places
      .split(' ')
      .filter((text) => text !== '')
      .map((text) => ({
        text,
        principal: text.slice(0, 1),
        quietSinceMs: text.endsWith('-') ? null : Number(text.slice(1)),
      }))
    assert.is(placeToGiveUp(held, 'x')?.text ?? null, given)
  })
}

test.run()
