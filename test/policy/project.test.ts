import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json, JsonObject } from '../../src/domain.js'
import { compileProjection, projectedText, reads } from '../../src/policy/project.js'
import { look } from './arbitrary.js'
import { printedSeed } from './seed.js'

test('what is sent of a value', () => {
  const value = '{"a":{"b":1,"c":[{"d":2}],"__proto__":{"e":3}},"f":null,"constructor":"x"}'
  const rows: readonly (readonly [string[][] | null, string | null])[] = [
    [null, value],
    [[[]], value],
    [[], '{}'],
    [[['missing']], '{}'],
    [[['a', 'c', 'd']], '{"a":{}}'],
    [[['f', 'g']], '{}'],
    [[['constructor', 'name']], '{}'],
    [[['toString']], '{}'],
    [[['a', 'toString']], '{"a":{}}'],
    [[['constructor']], '{"constructor":"x"}'],
    [[['a', '__proto__']], '{"a":{"__proto__":{"e":3}}}'],
    [[['a', '__proto__', 'e']], '{"a":{"__proto__":{"e":3}}}'],
    [[['__proto__']], '{}'],
    [[['f'], ['a', 'b']], '{"f":null,"a":{"b":1}}'],
    [[['a', 'c'], ['a']], '{"a":{"b":1,"c":[{"d":2}],"__proto__":{"e":3}}}'],
    [[['a'], ['a', 'c']], '{"a":{"b":1,"c":[{"d":2}],"__proto__":{"e":3}}}'],
  ]
  for (const [paths, expected] of rows) {
    const projection = compileProjection(paths)
    assert.is(projectedText(projection, JSON.parse(value)), expected, JSON.stringify(paths))
  }
  for (const value of [null, 1, 'text', true, [{ a: 1 }], undefined]) {
    const what = JSON.stringify(value)
    assert.is(projectedText(compileProjection([['a']]), value), null, what)
    assert.is(projectedText('whole', value), what ?? null)
  }
})

test('whether a path is read: itself, what is above it and what is below', () => {
  const projection = compileProjection([
    ['context', 'client', 'name'],
    ['resource', 'known'],
  ])
  const rows: readonly (readonly [string[], boolean])[] = [
    [['context', 'time'], false],
    [['subject'], false],
    [['context', 'client', 'version'], false],
    [['context', 'client', 'name', 'x'], true],
    [['context', 'client'], true],
    [['resource', 'known'], true],
  ]
  for (const [path, expected] of rows) assert.is(reads(projection, path), expected, path.join('.'))
  assert.ok(reads(compileProjection(null), ['context', 'time']))
  assert.ok(reads(compileProjection([['context']]), ['context', 'time']))
})

test('every path that is read finds in the projected value what it finds in the whole', async () => {
  const name = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'é', '"')
  const { tree } = fc.letrec<{ tree: Json; object: JsonObject }>((tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, fc.jsonValue() as fc.Arbitrary<Json>, {
      weight: 4,
      arbitrary: tie('object'),
    }),
    object: fc
      .array(fc.tuple(name, tie('tree') as fc.Arbitrary<Json>), { minLength: 1, maxLength: 4 })
      .map((members) => JSON.parse(`{${membersText(members)}}`) as JsonObject),
  }))
  const paths = fc.array(fc.array(name, { maxLength: 4 }), { maxLength: 5 })
  let found = 0
  await fc.assert(
    fc.property(tree, paths, (value, read) => {
      const text = projectedText(compileProjection(read), value)
      const projected = text === null ? null : (JSON.parse(text) as Json)
      for (const path of read) {
        const expected = look(value, path)
        if (path.length > 0 && expected !== undefined) found += 1
        if (path.length === 0 && text === null) continue
        assert.is(JSON.stringify(look(projected, path)), JSON.stringify(expected))
      }
    }),
    { numRuns: 2_000, seed: printedSeed('projection') },
  )
  assert.ok(found > 200, `${found} paths found something`)
})

function membersText(members: readonly (readonly [string, Json])[]): string {
  const unique = new Map(members)
  return [...unique]
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join()
}

test.run()
