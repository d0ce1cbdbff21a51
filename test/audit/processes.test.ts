/** What only another process can show: standard output, a size limit, an output nobody reads. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
const script = `
  import { openAuditLog } from ${here('../../src/audit/audit-log.js')}
  import { auditEvent } from ${here('../support/audit-event.js')}
  const [target, count] = process.argv.slice(1)
  const log = openAuditLog({ target })
  let written = 0, refused = 0, noRoom = 0
  for (let index = 0; index < Number(count); index += 1) {
    const reservation = log.reserve()
    if (reservation === null) { noRoom += 1; continue }
    try { reservation.record(auditEvent({ request_id: 'r' + index })); written += 1 }
    catch (error) { refused += 1; console.error(error.code) }
  }
  console.error(JSON.stringify({ written, refused, noRoom }))
`

function start(prefix: string, target: string, count: number): ChildProcess {
  const command = `${prefix} exec "$0" --input-type=module -e "$1" -- "$2" "$3"`
  const args = ['-c', command, process.execPath, script, target, String(count)]
  return spawn('/bin/sh', args, { stdio: ['ignore', 'pipe', 'pipe'] })
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = ''
  for await (const chunk of stream ?? []) text += chunk
  return text
}

test('standard output carries one whole line per record', async () => {
  const child = start('', '-', 2_000)
  const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)])
  const ids = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).request_id)
  assert.equal(
    ids,
    Array.from({ length: 2_000 }, (_, index) => `r${index}`),
  )
  assert.is(err.trim(), '{"written":2000,"refused":0,"noRoom":0}')
})

test('a file that may not grow: written whole or refused, and then no room', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-audit-'))
  try {
    const path = join(folder, 'audit.ndjson')
    const child = start('ulimit -f 8;', path, 100)
    const [, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)])
    const said = err.trim().split('\n')
    assert.equal(said.slice(0, -1), ['GUARD_AUDIT_UNAVAILABLE'])
    const counts = JSON.parse(said.at(-1) ?? '')
    assert.ok(counts.written > 1)
    assert.is(counts.refused, 1)
    assert.is(counts.noRoom, 99 - counts.written)
    const lines = (await readFile(path, 'utf8')).split('\n')
    const whole = lines.slice(0, counts.written)
    for (const [index, line] of whole.entries()) assert.is(JSON.parse(line).request_id, `r${index}`)
    // The line that did not fit is torn: the last of the file, without a line end.
    assert.is(lines.length, counts.written + 1)
    assert.not.match(lines.at(-1) ?? '', /\}$/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test.run()
