/** Which revision a rollback goes to, what it holds back from, and what is asked of the operator. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type Choice,
  chooseRollback,
  type RollbackState,
} from '../../src/guard/policy/choose-rollback.js'

/** Each begins with its digit; the last two with the same four. */
const [one, two, three, alike, akin] = ['1111', '2222', '3333', 'abcd0', 'abcd1'].map(
  (digits) => `sha256:${digits.padEnd(64, digits.slice(-1))}`,
) as [string, string, string, string, string]
const keptOf = (...revisions: string[]) =>
  revisions.map((revision, index) => ({ revision, activatedAtMs: 9 - index }))
const holdOf = (to: string, ...from: string[]) => ({ id: 'a', to, from, since: '2026-11-23' })
const kept = keptOf(three, two, one)
const none = { kept, hold: null, active: [] }

const refused: readonly (readonly [what: string, state: RollbackState, RegExp, wanted?: string])[] =
  [
    ['nothing kept', { ...none, kept: [] }, /^no revision is kept on disk/],
    ['nothing kept, one active', { ...none, kept: [], active: [one] }, /^no revision is kept/],
    ['none before', { ...none, active: [one] }, new RegExp(`^no revision before ${one} is kept`)],
    ['no end of it', { ...none, active: [three, two] }, /^the gateways do not agree/],
    ['three digits', none, /^a revision is named by at least 4 /, '111'],
    ['no digits', none, /^a revision is named by at least 4 /, '../1'],
    ['more than all digits', none, /^a revision is named by at least 4 /, '1'.repeat(65)],
    ['unknown', none, /^the revision 4444 is not kept on disk; see --list$/, '4444'],
    ['active', none, new RegExp(`^${three} is active already$`), '3333'],
    ['several', { ...none, kept: keptOf(alike, akin) }, /beginning of several revisions$/, 'ABCD'],
    ['back to what is held', { ...none, hold: holdOf(two, three) }, /is active already$/, '2222'],
  ]
for (const [what, state, problem, wanted] of refused) {
  test(`refused: ${what}`, () => {
    const choice = chooseRollback(state, wanted)
    assert.match(choice.ok ? '' : choice.problem, problem)
  })
}

const chosen: readonly (readonly [
  what: string,
  state: RollbackState,
  wanted: string | undefined,
  to: string,
  from: readonly string[],
])[] = [
  ['the one before the newest', none, undefined, two, [three]],
  ['further back, and still not what was gone back from', backOnce(), undefined, one, [three, two]],
  [
    'what is active counts, not what is held',
    { ...backOnce(), active: [three] },
    undefined,
    two,
    [three],
  ],
  ['forward to what was gone back from', backOnce(), three, three, [two]],
  [
    'where gateways do not agree',
    { ...none, active: [two, one] },
    'sha256:1111',
    one,
    [two, three],
  ],
  ['one of several', { ...none, kept: keptOf(alike, akin) }, 'abcd1', akin, [alike]],
]
function backOnce(): RollbackState {
  return { kept, hold: holdOf(two, three), active: [] }
}
for (const [what, state, wanted, to, from] of chosen) {
  test(`chosen: ${what}`, () => {
    const choice = chooseRollback(state, wanted)
    const expected: Choice = { ok: true, to, from }
    assert.equal(choice, expected)
  })
}

test.run()
