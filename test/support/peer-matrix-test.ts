/**
 * What is asserted of every part of the matrix: the whole table with its reasons, so that a cell
 * that begins to work fails as one that ceases to; and that what a client gets through the gateway
 * is what it gets directly, without what the policy hides.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cells, type Instead, type Row, runMatrix, type Steps } from './peer-matrix.js'
import { type Column, columns, hiddenTools } from './peer-matrix-items.js'
import { tableOf } from './peer-matrix-table.js'
import { loud } from './peers.js'

const steps = ['list', 'call', 'progress', 'cancel', 'elicitation'] as const

interface Part {
  readonly rows: readonly Row[]
  readonly expected: string
  readonly instead?: Instead
}

export function matrixTests({ rows, expected, instead = {} }: Part): void {
  let cells: Cells

  test.before(
    loud(async () => {
      cells = await runMatrix(rows, instead)
      console.log(`\n${tableOf(cells)}\n`)
    }),
  )

  test('every cell works, or is empty for the reason that its peers give', () => {
    assert.fixture(tableOf(cells), expected.trim())
  })

  for (const row of rows.filter(({ over }) => over !== 'direct')) {
    test(`${row.client} ${row.mode} over ${row.over} gets what it gets directly`, () => {
      for (const column of instead.columns ?? columns) {
        const through = cells.get(row)?.get(column)
        const direct = directly(row, column)
        assert.ok(through !== undefined && direct !== undefined, column)
        assert.equal(...worked(through, withoutHidden(direct)), column)
      }
    })
  }

  /** The same client's own, where it has one; else another's of the same era. */
  function directly({ client, mode }: Row, column: Column): Steps | undefined {
    const direct = rows.filter((row) => row.over === 'direct' && row.mode === mode)
    const own = direct.filter((row) => row.client === client)
    return [...own, ...direct].map((row) => cells.get(row)?.get(column)).find(Boolean)
  }
}

/** Which steps work is in the table; of those that do on both ways, what came of them. */
function worked(through: Steps, direct: Steps): [object, object] {
  const both = steps.filter((step) => through[step]?.done !== undefined && direct[step]?.done)
  const of = (seen: Steps) => Object.fromEntries(both.map((step) => [step, seen[step]?.done]))
  return [of(through), of(direct)]
}

function withoutHidden(steps: Steps): Steps {
  const tools = steps.list?.done
  if (!Array.isArray(tools)) return steps
  const shown = tools.filter((tool) => !hiddenTools.includes(String(Object(tool).name)))
  return { ...steps, list: { done: shown } }
}
