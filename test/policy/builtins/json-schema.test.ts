/**
 * `json.match_schema` against OPA's interpreter: generated schemas with documents that nearly fit.
 * OPA has no order for errors of several members, so errors are compared as a set with repetitions.
 */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jsonMatchSchema } from '../../../src/policy/builtins/json-schema/match.js'
import {
  Decimal,
  RegoObject,
  RegoSet,
  type Value,
} from '../../../src/policy/builtins/rego-value.js'
import { writeValue } from '../../../src/policy/builtins/value.js'
import { sampled, value } from './generators.js'
import { type Arguments, differences, unordered } from './oracle.js'

const object = (members: Readonly<Record<string, Value>>) => new RegoObject(Object.entries(members))
const numbers = fc.constantFrom<Value>(
  0,
  1,
  2,
  3,
  5,
  -1,
  10,
  1_000_000,
  1_234_567,
  new Decimal('1.0'),
  new Decimal('0.5'),
  new Decimal('1e2'),
  new Decimal('0.00001'),
  new Decimal('2.50'),
)
const texts = fc.constantFrom(
  '',
  'a',
  'ab',
  'abc',
  'é',
  '😀',
  '<a>',
  '2026-11-22',
  '10.0.0.7',
  '::1',
  'x.example',
  '/a/b',
)
const name = fc.constantFrom('a', 'b', 'c', 'é', 'a.b')
const types = fc.constantFrom('array', 'boolean', 'integer', 'number', 'null', 'object', 'string')
const size = fc.constantFrom<Value>(0, 1, 2, 3)
const regex = fc.constantFrom('^a', 'b$', '[0-9]', '.', 'é', '^$', '\\d+', '(?i)A')
const format = fc.constantFrom(
  'date',
  'time',
  'date-time',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
  'regex',
  'json-pointer',
  'relative-json-pointer',
  'unknown',
)

const document: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    numbers,
    texts,
    fc.constantFrom<Value>(null, true, false),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }).map(object),
  ),
})).value

const schema: fc.Arbitrary<Value> = fc.letrec<{ schema: Value }>((tie) => {
  const sub = tie('schema')
  const subs = fc.array(sub, { minLength: 1, maxLength: 2 })
  const named = fc.dictionary(name, sub, { maxKeys: 2 }).map(object)
  const keyword: fc.Arbitrary<[string, Value]> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(
        fc.constant('type'),
        fc.oneof<fc.Arbitrary<Value>[]>(
          types,
          fc.uniqueArray(types, { minLength: 1, maxLength: 3 }),
        ),
      ),
    },
    { weight: 4, arbitrary: fc.tuple(fc.constant('properties'), named) },
    fc.tuple(
      fc.constantFrom('additionalProperties', 'additionalItems'),
      fc.oneof(fc.boolean(), sub),
    ),
    fc.tuple(
      fc.constant('patternProperties'),
      fc.dictionary(regex, sub, { maxKeys: 2 }).map(object),
    ),
    fc.tuple(fc.constantFrom('propertyNames', 'contains', 'not', 'if', 'then', 'else'), sub),
    fc.tuple(fc.constantFrom('oneOf', 'anyOf', 'allOf'), subs),
    fc.tuple(
      fc.constant('items'),
      fc.oneof<fc.Arbitrary<Value>[]>(sub, fc.array(sub, { maxLength: 2 })),
    ),
    fc.tuple(
      fc.constant('dependencies'),
      fc
        .dictionary(name, fc.oneof<fc.Arbitrary<Value>[]>(fc.array(name, { maxLength: 2 }), sub), {
          maxKeys: 2,
        })
        .map(object),
    ),
    fc.tuple(
      fc.constantFrom(
        'minLength',
        'maxLength',
        'minItems',
        'maxItems',
        'minProperties',
        'maxProperties',
      ),
      size,
    ),
    fc.tuple(
      fc.constantFrom('multipleOf', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'),
      numbers,
    ),
    fc.tuple(fc.constant('required'), fc.uniqueArray(name, { maxLength: 2 })),
    fc.tuple(fc.constant('uniqueItems'), fc.boolean()),
    fc.tuple(fc.constant('pattern'), regex),
    { weight: 2, arbitrary: fc.tuple(fc.constant('format'), format) },
    fc.tuple(fc.constant('const'), document),
    fc.tuple(fc.constant('enum'), fc.array(document, { maxLength: 2 })),
    fc.tuple(fc.constant('definitions'), named),
    fc.tuple(fc.constant('title'), texts),
  )
  return {
    schema: fc.oneof({ maxDepth: 3, depthSize: 'small' }, fc.boolean(), {
      weight: 7,
      arbitrary: fc.array(keyword, { maxLength: 3 }).map((members) => new RegoObject(members)),
    }),
  }
}).schema

/** A root that may say which draft it is of, and has something to refer to. */
const root = fc
  .tuple(
    schema,
    schema,
    fc.constantFrom('', '', '', '04', '06', '07', '2019-09'),
    fc.constantFrom(
      '',
      '',
      '',
      '#/definitions/x',
      '#/definitions/y',
      '#',
      '#/definitions',
      'other.json',
      'http://a.example/s#/definitions/x',
      '#anchor',
    ),
    fc.constantFrom('', '', '', 'http://a.example/s', 'urn:x', '#anchor'),
  )
  .map(([main, definition, draft, reference, id]) => {
    if (!(main instanceof RegoObject) || reference === '#') return main
    const referring = object({ $ref: reference })
    const members: [string, Value][] = [
      ...(draft === ''
        ? []
        : [['$schema', `http://json-schema.org/draft-${draft}/schema#`] as [string, Value]]),
      ...(id === '' ? [] : [[draft === '04' ? 'id' : '$id', id] as [string, Value]]),
      ...(reference === ''
        ? []
        : [
            ['items', referring] as [string, Value],
            ['definitions', object({ x: definition })] as [string, Value],
          ]),
    ]
    return new RegoObject([...members, ...[...main].filter(([key]) => key !== '$ref')])
  })

/** Keywords with values of any kind: refused wholes. */
const broken = fc
  .tuple(
    fc.constantFrom(
      'type',
      'properties',
      'items',
      'required',
      'enum',
      'pattern',
      'minimum',
      'exclusiveMinimum',
      'maxLength',
      'uniqueItems',
      'oneOf',
      'not',
      '$ref',
      '$id',
      '$schema',
      'definitions',
      'dependencies',
      'format',
      'patternProperties',
      'multipleOf',
      'title',
      'const',
      'contains',
      'if',
    ),
    fc.oneof(
      document,
      fc.constantFrom<Value>(
        '(',
        '#/nowhere',
        '%zz',
        'object',
        ['string', 'string'],
        ['a', 'a'],
        object({ '(': true }),
        new Decimal('1.5'),
        -1,
        object({ a: 1 }),
      ),
    ),
  )
  .map(([key, member]) => object({ [key]: member }))

const asText = (value: Value) => (hasSet(value) ? value : writeValue(value))
const given = fc.oneof(
  { weight: 6, arbitrary: document.filter((each) => typeof each === 'object' && each !== null) },
  { weight: 3, arbitrary: document.map(asText) },
  value,
  fc.constantFrom<Value>('{', '', '[1,]', ' {"a":\n1}', '"\\ud800"', new RegoSet([1])),
)

function hasSet(each: Value): boolean {
  return each instanceof RegoSet
}

/** Formats that are a fault, comparisons of what is no double. */
function hasAnswer([value, schema]: Arguments): boolean {
  try {
    jsonMatchSchema(value ?? null, schema ?? null)
    return true
  } catch {
    return false
  }
}

test("json.match_schema is OPA's", () => {
  const arbitrary = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(given, root) },
    fc.tuple(given, root.map(asText)),
    fc.tuple(given, broken),
    fc.tuple(given, value),
  )
  const cases: Arguments[] = sampled('json.match_schema', arbitrary, 2_300).filter(hasAnswer)
  const found = differences('json.match_schema', cases, unordered)
  assert.equal(found.texts, [])
  assert.ok(cases.length > 2_050, `${cases.length} cases have an answer`)
  assert.ok(found.defined > 0.4, `only ${found.defined} of the cases are defined`)
})

const faults: [string, Value, Value, string][] = [
  [
    'a format of a grammar that is not held to',
    'x',
    object({ format: 'email' }),
    'json.match_schema: the format email',
  ],
  [
    'a schema that only refers to itself',
    object({}),
    object({ $ref: '#' }),
    'json.match_schema: nested too deeply',
  ],
  [
    'a meta-schema',
    object({}),
    object({ $ref: 'http://json-schema.org/draft-07/schema#' }),
    'json.match_schema: a reference to a meta-schema',
  ],
]
for (const [what, document, schema, problem] of faults) {
  test(`a fault: ${what}`, () => {
    const given = typeof document === 'string' ? JSON.stringify(document) : document
    assert.throws(() => jsonMatchSchema(given, schema), new RegExp(problem))
  })
}

test('errors of several members are in the order of their names', () => {
  const document = object({ b: 1, a: 1, c: 1 })
  const schema = object({
    properties: object({ c: object({ type: 'string' }) }),
    additionalProperties: false,
  })
  const result = writeValue(jsonMatchSchema(document, schema) ?? null)
  assert.ok(result.indexOf('property a is') < result.indexOf('property b is'))
  assert.ok(result.indexOf('property b is') < result.indexOf('"c"'))
})

test.run()
