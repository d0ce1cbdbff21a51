import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isLiteral, type Lookup, resolveReferences } from '../../src/config/references.js'
import type { YamlValue } from '../../src/config/yaml.js'

const variables: Readonly<Record<string, string>> = {
  HOST: 'h',
  NESTED: '${env:HOST}',
  DOLLAR: '$&$1',
}
const sources = {
  env: (name: string) => lookUp(variables[name]),
  file: (path: string) => lookUp(path === './key' ? 'from file' : undefined),
}

function lookUp(text: string | undefined): Lookup {
  return text === undefined
    ? { ok: false, problem: 'nothing there', fix: 'put it there' }
    : { ok: true, text }
}

const notReference = 'what begins with `${` is not a reference'

const texts: readonly (readonly [text: string, resolved: string, problem: string | null])[] = [
  ['${env:NOPE}', '${env:NOPE}', 'nothing there'],
  ['${file:./nope}', '${file:./nope}', 'nothing there'],
  ['${HOST}', '${HOST}', notReference],
  ['${env:}', '${env:}', notReference],
  ['${ENV:HOST}', '${ENV:HOST}', notReference],
  ['${env:HOST', '${env:HOST', notReference],
  ['${', '${', notReference],
  ['${cmd:id}', '${cmd:id}', notReference],
  ['${env:HOST}', 'h', null],
  ['${file:./key}', 'from file', null],
  ['http://${env:HOST}:${env:HOST}/', 'http://h:h/', null],
  ['${env:NESTED}', '${env:HOST}', null],
  ['${env:DOLLAR}', '$&$1', null],
  ['$HOST $$ {env:HOST}', '$HOST $$ {env:HOST}', null],
]

for (const [text, resolved, problem] of texts) {
  test(`resolves ${text}`, () => {
    const result = resolveReferences({ a: [text] }, sources)
    assert.equal(JSON.stringify(result.value), JSON.stringify({ a: [resolved] }))
    assert.equal(
      result.problems.map((found) => [found.pointer, found.problem]),
      problem === null ? [] : [['/a/0', problem]],
    )
  })
}

test('every failed reference is a problem of its own', () => {
  const { problems } = resolveReferences({ a: '${env:X}${env:Y}', b: { c: '${z}' } }, sources)
  assert.equal(
    problems.map(({ pointer }) => pointer),
    ['/a', '/a', '/b/c'],
  )
})

test('keys, numbers and other values are left alone', () => {
  const value: YamlValue = { '${env:HOST}': 1, b: [true, 2] }
  const result = resolveReferences(value, sources)
  assert.is(JSON.stringify(result.value), JSON.stringify(value))
  assert.equal(result.problems, [])
})

test('says which texts are one reference and nothing else', () => {
  const { whole } = resolveReferences({ a: '${env:HOST}', b: 'x${env:HOST}', c: 'x' }, sources)
  assert.equal([...whole], ['/a'])
})

test('a text is literal when anything is left without its references', () => {
  assert.is(isLiteral('secret'), true)
  assert.is(isLiteral('secret${env:A}'), true)
  assert.is(isLiteral('${env:A}'), false)
  assert.is(isLiteral('${env:A}${file:./b}'), false)
})

test.run()
