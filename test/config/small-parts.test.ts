import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isHeardBy, isLoopback, isWildcard } from '../../src/config/address.js'
import { parseInstant } from '../../src/config/instant.js'
import { nearestKey } from '../../src/config/nearest.js'
import {
  childPointer,
  formatConfigProblem,
  parentPointer,
  quoted,
} from '../../src/config/problem.js'

const known = ['host', 'port', 'publicUrl', 'maxBodyBytes', 'maxDepth']
const nearest: readonly (readonly [unknown: string, key: string | undefined])[] = [
  ['zzz', undefined],
  ['', undefined],
  ['redis', undefined],
  ['x'.repeat(100_000), undefined],
  ['prot', 'port'],
  ['Port', 'port'],
  ['hosts', 'host'],
  ['public_url', 'publicUrl'],
  ['publicURL', 'publicUrl'],
  ['maxBodyByte', 'maxBodyBytes'],
  ['max_depth', 'maxDepth'],
]
for (const [unknown, key] of nearest) {
  test(`nearest known key of ${quoted(unknown)}`, () => assert.is(nearestKey(unknown, known), key))
}

const instants: readonly (readonly [text: string, iso: string | null])[] = [
  ['', null],
  ['tomorrow', null],
  ['2027-01-01', null],
  ['2027-01-01T00:00:00', null],
  ['2027-01-01 00:00:00Z', null],
  ['2027-02-30T00:00:00Z', null],
  ['2027-13-01T00:00:00Z', null],
  ['2027-00-01T00:00:00Z', null],
  ['2027-01-01T24:00:00Z', null],
  ['2027-01-01T00:00:60Z', null],
  ['2027-01-01T00:00:00+24:00', null],
  ['2027-01-01T00:00:00+0100', null],
  [' 2027-01-01T00:00:00Z', null],
  ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ['2027-01-01T00:00:00Z', '2027-01-01T00:00:00.000Z'],
  ['2027-01-01t00:00:00z', '2027-01-01T00:00:00.000Z'],
  ['2027-01-01T00:00:00.25+01:30', '2026-12-31T22:30:00.250Z'],
]
for (const [text, iso] of instants) {
  test(`instant ${JSON.stringify(text)}`, () => {
    const ms = parseInstant(text)
    assert.is(ms === null ? null : new Date(ms).toISOString(), iso)
  })
}

const hosts: readonly (readonly [host: string, loopback: boolean, wildcard: boolean])[] = [
  ['', false, false],
  ['example.com', false, false],
  ['127.example.com', false, false],
  ['127.1', false, false],
  ['10.0.0.1', false, false],
  ['localhost.example', false, false],
  ['0.0.0.0', false, true],
  ['::', false, true],
  ['[::]', false, true],
  ['127.0.0.1', true, false],
  ['127.9.9.9', true, false],
  ['LOCALHOST', true, false],
  ['::1', true, false],
  ['[::1]', true, false],
]
for (const [host, loopback, wildcard] of hosts) {
  test(`address ${JSON.stringify(host)}`, () => {
    assert.is(isLoopback(host), loopback)
    assert.is(isWildcard(host), wildcard)
  })
}

test('a listener hears its own address, and loopback where it listens there or everywhere', () => {
  assert.is(isHeardBy('127.0.0.1', 'localhost'), true)
  assert.is(isHeardBy('0.0.0.0', '[::1]'), true)
  assert.is(isHeardBy('10.0.0.1', '10.0.0.1'), true)
  assert.is(isHeardBy('10.0.0.1', '127.0.0.1'), false)
  assert.is(isHeardBy('127.0.0.1', '10.0.0.1'), false)
})

test('a problem is one line, whatever its pointer holds', () => {
  const pointer = childPointer('', 'a/b\n\u001b[31m~')
  assert.is(
    formatConfigProblem({ source: 'f', line: 3, pointer, problem: 'is wrong', fix: 'mend it' }),
    'f:3: /a~1b\\u000a\\u001b[31m~0: is wrong; mend it',
  )
  assert.is(
    formatConfigProblem({ pointer: '', problem: 'is wrong', fix: 'mend it' }),
    'is wrong; mend it',
  )
  assert.is(
    formatConfigProblem({ source: '--listen', pointer: '/p', problem: 'x', fix: 'y' }),
    '--listen: /p: x; y',
  )
})

test('pointers go up token by token', () => {
  assert.is(parentPointer('/a/b'), '/a')
  assert.is(parentPointer('/a'), '')
  assert.is(parentPointer(''), undefined)
})

test('quoted texts are cut and stay in their line', () => {
  assert.is(quoted('a"\u202e\n'), '"a\\"\\u202e\\n"')
  assert.ok(quoted('x'.repeat(1000)).length < 70)
})

test.run()
