import { closeSync, openSync } from 'node:fs'
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createAuditLog, openAuditLog } from '../../src/audit/audit-log.js'
import { auditLine } from '../../src/audit/event.js'
import { createFileSink, type Sink } from '../../src/audit/file-sink.js'
import { createLineWriter } from '../../src/audit/line-writer.js'
import type { AuditLog, Reservation } from '../../src/domain.js'
import { GuardError } from '../../src/errors.js'
import { auditEvent } from '../support/audit-event.js'
import { createTestClock } from '../support/clock.js'

const event = auditEvent()
const line = auditLine(event)

let folder = ''
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-guard-audit-'))
})
test.after.each(async () => {
  await rm(folder, { recursive: true, force: true })
})

function room(reservation: Reservation | null): Reservation {
  if (reservation === null) throw new TypeError('no room')
  return reservation
}

function rooms(log: AuditLog, count: number): Reservation[] {
  return Array.from({ length: count }, () => room(log.reserve()))
}

function isError(code: string, message: string | RegExp) {
  return (error: unknown): boolean =>
    error instanceof GuardError &&
    error.code === code &&
    (typeof message === 'string' ? error.message === message : message.test(error.message))
}

const unwritable = isError('GUARD_AUDIT_UNAVAILABLE', 'the audit cannot be written')

test('a target that is not a regular file is refused with its path', async () => {
  const at = (name: string): string => join(folder, name)
  await mkdir(at('folder'))
  await writeFile(at('file'), '')
  await symlink(at('file'), at('link'))
  await symlink(at('nowhere'), at('dangling'))
  const socket = createServer().listen(at('socket'))
  await new Promise((resolve) => socket.once('listening', resolve))
  const rows: [string, RegExp][] = [
    [at('folder'), /^audit file `.*folder` cannot be opened: EISDIR/],
    [at('link'), /^audit file `.*link` is a symbolic link/],
    [at('dangling'), /^audit file `.*dangling` is a symbolic link/],
    [at('missing/file'), /^audit file `.*file` cannot be opened: ENOENT/],
    [at('socket'), /^audit file `.*socket` cannot be opened: ENXIO/],
    ['/dev/null', /^audit file `\/dev\/null` is not a regular file$/],
    ['', /^audit file `` cannot be opened: ENOENT/],
    ['a\0b', /^audit file `a\0b` cannot be opened: /],
  ]
  for (const [target, message] of rows) {
    assert.throws(() => openAuditLog({ target }), isError('GUARD_CONFIG_INVALID', message), target)
  }
  socket.close()
})

test('a new file is for its owner only; an old one is appended to as it is', async () => {
  const path = join(folder, 'audit.ndjson')
  await openAuditLog({ target: path }).close()
  assert.is((await stat(path)).mode & 0o777, 0o600)
  await writeFile(path, '{"old":1}\n')
  await chmod(path, 0o640)
  const log = openAuditLog({ target: path })
  room(log.reserve()).record(event)
  assert.is(await readFile(path, 'utf8'), `{"old":1}\n${line}`)
  assert.is((await stat(path)).mode & 0o777, 0o640)
  await log.close()
})

test('the record is there when record returns', async () => {
  const path = join(folder, 'audit.ndjson')
  const log = openAuditLog({ target: path })
  for (let count = 1; count <= 100; count += 1) {
    room(log.reserve()).record(event)
    assert.is((await readFile(path, 'utf8')).length, line.length * count)
  }
  await log.close()
})

test('a line torn by a crash is left alone and the next starts anew', async () => {
  const path = join(folder, 'audit.ndjson')
  await writeFile(path, '{"torn":')
  const log = openAuditLog({ target: path })
  room(log.reserve()).record(event)
  room(log.reserve()).record(event)
  assert.is(await readFile(path, 'utf8'), `{"torn":\n${line}${line}`)
  await log.close()
})

test('a reservation is good for one record or one release', async () => {
  const path = join(folder, 'audit.ndjson')
  const log = openAuditLog({ target: path })
  const spent = room(log.reserve())
  spent.record(event)
  const released = room(log.reserve())
  released.release()
  for (const reservation of [spent, released]) {
    assert.throws(() => reservation.record(event), /^a reservation is good for one record$/)
    reservation.release()
  }
  assert.is(await readFile(path, 'utf8'), line)
  await log.close()
})

test('10,000 reservations and no more; a released or recorded one makes room', async () => {
  const log = openAuditLog({ target: join(folder, 'audit.ndjson') })
  const held = Array.from({ length: 10_000 }, () => room(log.reserve()))
  assert.is(log.reserve(), null)
  held[0]?.release()
  held[0]?.release()
  const again = room(log.reserve())
  assert.is(log.reserve(), null)
  again.record(event)
  room(log.reserve()).release()
  for (const reservation of held) reservation.release()
  await log.close()
})

/** A sink on a real file that a test can fill up: then it writes to a device that is always full. */
function createFillableSink(path: string): Sink & { full: boolean } {
  const file = createFileSink(path)
  const fullFd = openSync('/dev/full', 'w')
  const full = createLineWriter(fullFd, false)
  return {
    full: false,
    write(lines) {
      return this.full ? full.write(lines) : file.write(lines)
    },
    reopen: file.reopen,
    close() {
      closeSync(fullFd)
      file.close()
    },
  }
}

test('a full disk closes the door, once a second it is tried, and nothing is lost', async () => {
  const path = join(folder, 'audit.ndjson')
  const clock = createTestClock()
  const sink = createFillableSink(path)
  const said: string[] = []
  const observer = {
    log(level: string, text: string, fields?: unknown): void {
      said.push(`${level} ${text} ${JSON.stringify(fields)}`)
      throw new TypeError('an observer may throw')
    },
  }
  const log = createAuditLog({ sink, clock, observer })
  const inFlight = [room(log.reserve()), room(log.reserve()), room(log.reserve())]

  sink.full = true
  assert.throws(() => inFlight[0]?.record(auditEvent({ request_id: 'first' })), unwritable)
  assert.is(log.reserve(), null)
  assert.throws(() => inFlight[1]?.record(auditEvent({ request_id: 'second' })), unwritable)
  assert.is(said.length, 1)
  assert.match(said[0] ?? '', /^error the audit cannot be written \{"detail":"ENOSPC/)

  clock.forward(1_000)
  assert.is(log.reserve(), null)
  sink.full = false
  clock.forward(999)
  assert.is(log.reserve(), null)
  clock.forward(1)
  const reopened = room(log.reserve())
  inFlight[2]?.record(auditEvent({ request_id: 'third' }))
  reopened.record(auditEvent({ request_id: 'fourth' }))

  const ids = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text).request_id)
  assert.equal(ids, ['first', 'second', 'third', 'fourth'])
  assert.equal(said.slice(1), ['info the audit is written again {"detail":"2 kept lines"}'])
  await log.close()
})

test('soon is one write for all of a turn, and each is told after it', async () => {
  const path = join(folder, 'audit.ndjson')
  const file = createFileSink(path)
  const writes: number[] = []
  const sink: Sink = {
    ...file,
    write(lines) {
      writes.push(lines.length)
      return file.write(lines)
    },
  }
  const log = createAuditLog({ sink, clock: createTestClock() })
  const told: unknown[] = []
  const done = (problem: unknown) => told.push([problem, writes.length])
  for (const held of rooms(log, 3)) held.recordSoon(event, done)
  assert.equal([told, writes], [[], []])
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(told, [
    [null, 1],
    [null, 1],
    [null, 1],
  ])
  assert.equal(writes, [3])
  assert.is(await readFile(path, 'utf8'), line.repeat(3))

  const other = room(log.reserve())
  room(log.reserve()).recordSoon(event, done)
  assert.is(told.length, 3)
  log.flush()
  assert.is(told.length, 4)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal([told.length, writes], [4, [3, 1]])
  other.release()
  await log.close()
})

test('soon is at once where no other exchange is open, and a failure is told', async () => {
  let taken = 0
  const sink: Sink = {
    write: (lines) =>
      taken++ === 0 ? { ok: true } : { ok: false, lines: 0, problem: new Error(`${lines.length}`) },
    reopen() {},
    close() {},
  }
  const log = createAuditLog({ sink, clock: createTestClock() })
  const told: unknown[] = []
  room(log.reserve()).recordSoon(event, (problem) => told.push(problem))
  assert.equal(told, [null])
  room(log.reserve()).recordSoon(event, (problem) => told.push(problem))
  assert.ok(unwritable(told[1]))
  assert.is(log.reserve(), null)
  await log.close()
})

test('soon and a disk that fills up inside a write: whole lines are told from the others', async () => {
  const room1 = 1.5 * line.length
  const clock = createTestClock()
  const held: string[] = []
  let free = room1
  const sink: Sink = {
    write(lines) {
      let taken = 0
      for (const each of lines) {
        if (each.length > free) return { ok: false, lines: taken, problem: new Error('ENOSPC') }
        free -= each.length
        held.push(each)
        taken += 1
      }
      return { ok: true }
    },
    reopen() {},
    close() {},
  }
  const log = createAuditLog({ sink, clock })
  const told: boolean[] = []
  const problems: unknown[] = []
  const done = (problem: unknown) => {
    told.push(problem === null)
    if (problem !== null) problems.push(problem)
    if (told.length === 1) throw new TypeError('whoever is told may throw')
  }
  for (const held of rooms(log, 3)) held.recordSoon(event, done)
  log.flush()
  assert.equal(told, [true, false, false])
  assert.ok(problems.every(unwritable))
  assert.is(log.reserve(), null)
  free = Number.POSITIVE_INFINITY
  clock.forward(1_000)
  room(log.reserve()).release()
  assert.equal(held, [line, line, line])
  await log.close()
})

test('close writes what was told soon, and waits for it', async () => {
  const path = join(folder, 'audit.ndjson')
  const log = openAuditLog({ target: path })
  const told: unknown[] = []
  const held = room(log.reserve())
  held.recordSoon(event, (problem) => told.push(problem))
  assert.throws(() => held.record(event), /^a reservation is good for one record$/)
  assert.throws(() => held.recordSoon(event, () => undefined), /is good for one record$/)
  held.release()
  await log.close()
  assert.equal(told, [null])
  assert.is(await readFile(path, 'utf8'), line)
})

test('reopen follows a rotation and keeps the old file when it cannot', async () => {
  const path = join(folder, 'audit.ndjson')
  const log = openAuditLog({ target: path })
  const held = room(log.reserve())
  await rename(path, `${path}.1`)
  room(log.reserve()).record(event)
  log.reopen()
  held.record(auditEvent({ request_id: 'after' }))
  assert.is(await readFile(`${path}.1`, 'utf8'), line)
  assert.match(await readFile(path, 'utf8'), /^\{.*"request_id":"after".*\}\n$/)

  await rename(path, `${path}.2`)
  await mkdir(path)
  assert.throws(() => log.reopen(), isError('GUARD_CONFIG_INVALID', /cannot be opened: EISDIR/))
  room(log.reserve()).record(event)
  assert.is((await readFile(`${path}.2`, 'utf8')).split('\n').length, 3)
  await log.close()
})

test('close gives no more room, waits for open records, and happens once', async () => {
  const path = join(folder, 'audit.ndjson')
  const log = openAuditLog({ target: path })
  const held = [room(log.reserve()), room(log.reserve())]
  let closed = false
  const closing = log.close().then(() => {
    closed = true
  })
  assert.is(log.reserve(), null)
  held[0]?.release()
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.is(closed, false)
  held[1]?.record(event)
  await Promise.all([closing, log.close()])
  assert.is(await readFile(path, 'utf8'), line)
})

test('a record after close is refused, never written to a descriptor of others', async () => {
  const written: string[] = []
  const sink: Sink = {
    write(lines) {
      written.push(...lines)
      return { ok: true }
    },
    reopen() {},
    close() {},
  }
  const log = createAuditLog({ sink, clock: createTestClock(), closeWaitMs: 1 })
  const late = room(log.reserve())
  await log.close()
  assert.throws(() => late.record(event), unwritable)
  assert.equal(written, [])
})

test.run()
