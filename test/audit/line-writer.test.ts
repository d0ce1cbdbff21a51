import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createLineWriter } from '../../src/audit/line-writer.js'

test('a pipe nobody reads: short writes, an error after a bounded wait, then a line of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-audit-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  try {
    const writer = createLineWriter(fd, false)
    const line = `${'x'.repeat(9_999)}\n`
    let whole = 0
    const start = performance.now()
    for (;;) {
      const written = writer.write([line, line])
      whole += written.ok ? 2 : written.lines
      if (written.ok) continue
      assert.match(String(written.problem), 'EAGAIN')
      break
    }
    assert.ok(performance.now() - start < 2_000)
    const text = drain(fd)
    assert.ok(whole > 0)
    assert.ok(text.startsWith(line.repeat(whole)))
    // The pipe has room for some of the next line: it is torn.
    const torn = text.slice(whole * line.length)
    assert.ok(torn.length > 0 && torn === 'x'.repeat(torn.length))

    assert.equal(writer.write(['next\n']), { ok: true })
    assert.equal(writer.write(['last\n', 'of all\n']), { ok: true })
    assert.is(drain(fd), '\nnext\nlast\nof all\n')
  } finally {
    closeSync(fd)
    await rm(folder, { recursive: true, force: true })
  }
})

function drain(fd: number): string {
  const bytes = Buffer.alloc(1 << 20)
  return bytes.toString('latin1', 0, readSync(fd, bytes))
}

test.run()
