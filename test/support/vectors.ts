/** Reads a table of cases from test/vectors. Tests run compiled, so the way starts below dist/. */
import { readFileSync } from 'node:fs'

export function readVectors<Row>(name: string): Row[] {
  const file = new URL(`../../../test/vectors/${name}.json`, import.meta.url)
  const rows = JSON.parse(readFileSync(file, 'utf8')) as Row[]
  if (!Array.isArray(rows) || rows.length === 0) throw new Error(`no vectors in ${name}`)
  return rows
}
