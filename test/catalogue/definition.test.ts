import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  maxAnnotationsLength,
  maxDefinitionBytes,
  readDefinition,
} from '../../src/catalogue/definition.js'

const read = (text: string) => readDefinition(Buffer.from(text))
const long = (length: number) => 'x'.repeat(length)

const unknown: readonly [string, string][] = [
  ['no JSON', '{"name":"a",}'],
  ['no object', '["a"]'],
  ['a member twice', '{"name":"a","annotations":{},"annotations":{"readOnlyHint":true}}'],
  ['a member twice inside', '{"name":"a","inputSchema":{"type":"object","type":"string"}}'],
  ['half of a surrogate pair', '{"name":"a","description":"\\ud83d"}'],
  ['annotations that are no object', '{"name":"a","annotations":[]}'],
  ['annotations that are a text', '{"name":"a","annotations":"readOnlyHint"}'],
  ['a number in annotations that no double holds', '{"name":"a","annotations":{"p":[1e400]}}'],
  [
    'annotations that are too long',
    `{"name":"a","annotations":{"t":"${long(maxAnnotationsLength)}"}}`,
  ],
  ['a definition that is too large', `{"name":"a","description":"${long(maxDefinitionBytes)}"}`],
]
for (const [what, text] of unknown) {
  test(`no definition: ${what}`, () => assert.is(read(text), null))
}

test('the digest is SHA-256 over the canonical spelling', () => {
  const canonical = '{"annotations":{"readOnlyHint":true},"name":"a","n":1.0}'
  const sorted = '{"annotations":{"readOnlyHint":true},"n":1.0,"name":"a"}'
  const digest = `sha256:${createHash('sha256').update(sorted).digest('hex')}`
  assert.is(read(canonical)?.digest, digest)
  assert.is(
    read(' {"n" :1.0,"\\u006eame":"a", "annotations":{ "readOnlyHint":true } }')?.digest,
    digest,
  )
})

const base =
  '{"name":"a","title":"t","inputSchema":{"maximum":1,"properties":{"p":{}}},"annotations":{"h":true}}'
const changed: readonly [string, string, string][] = [
  ['the name', '"a"', '"b"'],
  ['a description', '"title"', '"description":"x","title"'],
  ['a schema, deep inside', '"p":{}', '"p":{"type":"string"}'],
  ['how a number is written', '"maximum":1', '"maximum":1.0'],
  ['an annotation', '"h":true', '"h":false'],
  ['an unknown member', '"title":"t"', '"title":"t","x-extra":null'],
  ['a zero-width space', '"t"', '"t\u200b"'],
]
for (const [what, from, to] of changed) {
  test(`another digest: ${what} changed`, () => {
    const before = read(base)?.digest
    const after = read(base.replace(from, to))?.digest
    assert.match(String(after), /^sha256:[0-9a-f]{64}$/)
    assert.is.not(before, after)
  })
}

test('annotations: none are an empty object, and so is null', () => {
  assert.equal(Object.keys(read('{"name":"a"}')?.annotations ?? { no: 1 }), [])
  assert.equal(Object.keys(read('{"name":"a","annotations":null}')?.annotations ?? { no: 1 }), [])
})

test('annotations are frozen and have no prototype, at every depth', () => {
  const text =
    '{"name":"a","annotations":{"__proto__":{"x":1},"constructor":[{"y":null}],"readOnlyHint":true}}'
  const definition = read(text)
  assert.ok(Object.isFrozen(definition))
  const seen: object[] = []
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    seen.push(value)
    Object.values(value).forEach(visit)
  }
  visit(definition?.annotations)
  assert.is(seen.length, 4)
  for (const one of seen) {
    assert.ok(Object.isFrozen(one))
    if (!Array.isArray(one)) assert.is(Object.getPrototypeOf(one), null)
  }
  assert.is(
    JSON.stringify(definition?.annotations),
    '{"__proto__":{"x":1},"constructor":[{"y":null}],"readOnlyHint":true}',
  )
})

test.run()
