/**
 * Which arguments a tool's schema wants in headers, which annotations make the whole tool invalid,
 * and what the headers of a call say. Table: the rules of 2026-07-28, one row each.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json, JsonObject } from '../../src/domain.js'
import {
  isMirrorable,
  mayAnnotate,
  parameterHeaders,
  readParameters,
} from '../../src/mcp/parameters.js'

const annotated = (name: Json, type: Json = 'string') => ({ type, 'x-mcp-header': name })
const withProperties = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  ...more,
})
const one = (schema: Json) => withProperties({ a: schema })
const deep = annotated('Deep')

const invalid: [what: string, schema: Json][] = [
  ['an empty name', one(annotated(''))],
  ['a name with a space', one(annotated('My Region'))],
  ['a name with a colon', one(annotated('Region:Primary'))],
  ['a name with a letter beyond ASCII', one(annotated('Région'))],
  ['a name with a tab', one(annotated('Region\t1'))],
  ['a name with a line break', one(annotated('Region\r\nAuthorization'))],
  ['a name with a line feed at its end', one(annotated('Region\n'))],
  ['a name that is a number', one(annotated(1))],
  ['a name that is null', one(annotated(null))],
  ['an object', one(annotated('Region', 'object'))],
  ['an array', one(annotated('Region', 'array'))],
  ['null', one(annotated('Region', 'null'))],
  ['a number', one(annotated('Region', 'number'))],
  ['several types', one(annotated('Region', ['string', 'null']))],
  ['no type', one({ 'x-mcp-header': 'Region' })],
  ['one name twice', withProperties({ a: annotated('Region'), b: annotated('Region') })],
  ['one name in two cases', withProperties({ a: annotated('MyField'), b: annotated('myfield') })],
  [
    'one name at two depths',
    withProperties({ a: annotated('X'), b: withProperties({ c: annotated('x') }) }),
  ],
  ['the root', { ...annotated('Region'), properties: {} }],
  ['below items', one({ type: 'array', items: deep })],
  ['a property below items', one({ type: 'array', items: withProperties({ b: deep }) })],
  ['below prefixItems', one({ type: 'array', prefixItems: [deep] })],
  ['below additionalProperties', withProperties({}, { additionalProperties: deep })],
  ['below patternProperties', withProperties({}, { patternProperties: { '^a': deep } })],
  ['below oneOf', one({ oneOf: [{ type: 'null' }, deep] })],
  ['below anyOf of the root', withProperties({}, { anyOf: [withProperties({ b: deep })] })],
  ['below allOf', one({ allOf: [deep] })],
  ['below not', one({ not: deep })],
  ['below else', withProperties({}, { if: {}, else: withProperties({ b: deep }) })],
  ['below $defs', withProperties({ a: { $ref: '#/$defs/b' } }, { $defs: { b: deep } })],
  ['below dependentSchemas', withProperties({}, { dependentSchemas: { a: deep } })],
  ['below a keyword that nobody knows', one({ 'x-other': { more: deep } })],
  [
    'more than a request may carry',
    withProperties(
      Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`p${at}`, annotated(`H${at}`)])),
    ),
  ],
]
for (const [what, inputSchema] of invalid) {
  test(`invalid: ${what}`, () => {
    assert.is(readParameters(inputSchema), null)
    assert.not.ok(isMirrorable(Buffer.from(JSON.stringify({ name: 't', inputSchema }))))
  })
}

const valid: [what: string, schema: Json, parameters: readonly (readonly [string, string[]])[]][] =
  [
    ['no schema', null, []],
    ['a schema that is true', true, []],
    ['no annotation', withProperties({ a: { type: 'string' } }), []],
    [
      'each type',
      withProperties({
        a: annotated('Region'),
        b: annotated('Priority', 'integer'),
        c: annotated('Debug', 'boolean'),
      }),
      [
        ['mcp-param-region', ['a']],
        ['mcp-param-priority', ['b']],
        ['mcp-param-debug', ['c']],
      ],
    ],
    [
      'every letter of a token',
      one(annotated("!#$%&'*+-.^_`|~aZ09")),
      [["mcp-param-!#$%&'*+-.^_`|~az09", ['a']]],
    ],
    [
      'a chain of properties',
      withProperties({ properties: withProperties({ items: deep }) }),
      [['mcp-param-deep', ['properties', 'items']]],
    ],
    [
      'an argument with the name of the annotation',
      withProperties({ 'x-mcp-header': { type: 'string' } }),
      [],
    ],
    [
      'data that looks like an annotation',
      one({ type: 'object', default: deep, const: deep, enum: [deep], examples: [deep] }),
      [],
    ],
    [
      'a condition beside it',
      withProperties({ a: { ...deep, anyOf: [{ minLength: 1 }] } }, { if: {}, else: {} }),
      [['mcp-param-deep', ['a']]],
    ],
  ]
for (const [what, inputSchema, parameters] of valid) {
  test(`valid: ${what}`, () => {
    const found = readParameters(inputSchema)
    assert.equal(
      found?.map(({ header, path }) => [header, path]),
      parameters,
    )
    assert.ok(isMirrorable(Buffer.from(JSON.stringify({ name: 't', inputSchema }))))
  })
}

const written: [what: string, value: Json | undefined, header: string | null][] = [
  ['a text', 'us-west1', 'us-west1'],
  ['a text with a space inside', 'us west 1', 'us west 1'],
  ['a text beyond ASCII', 'Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
  ['a padded text', ' padded ', '=?base64?IHBhZGRlZCA=?='],
  [
    'a text of two lines',
    'line1\r\nAuthorization: x',
    '=?base64?bGluZTENCkF1dGhvcml6YXRpb246IHg=?=',
  ],
  ['a text that looks encoded', '=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
  ['an empty text', '', '=?base64??='],
  ['true', true, 'true'],
  ['false', false, 'false'],
  ['an integer', 42, '42'],
  ['a negative integer', -7, '-7'],
  ['a large integer', 2 ** 53 - 1, '9007199254740991'],
  ['an integer beyond the safe ones', 2 ** 53, null],
  ['a number that is no integer', 1.5, '1.5'],
  ['null', null, null],
  ['nothing', undefined, null],
  ['an object', { a: 1 }, null],
  ['an array', ['a'], null],
]
for (const [what, value, header] of written) {
  test(`${what} is ${header ?? 'no header'}`, () => {
    const parameters = [{ header: 'mcp-param-x', path: ['a', 'b'] }]
    const args = { a: value === undefined ? {} : { b: value } }
    const expected = header === null ? [] : ['mcp-param-x', header]
    assert.equal(parameterHeaders(parameters, args), expected)
  })
}

test('a path leads through own members of objects only', () => {
  const of = (path: string[], args?: Json) => parameterHeaders([{ header: 'h', path }], args)
  assert.equal(of(['a', 'length'], { a: [1, 2] }), [])
  assert.equal(of(['a', 'length'], { a: 'text' }), [])
  assert.equal(of(['constructor', 'name'], {}), [])
  assert.equal(of(['__proto__', 'a'], JSON.parse('{"__proto__":{"a":"own"}}')), ['h', 'own'])
  assert.equal(of(['a']), [])
  assert.equal(of(['a'], null), [])
})

test('the annotation is found however it is spelt, and only there', () => {
  const spelt = [
    'x-mcp-header',
    'x\\u002dmcp-header',
    '\\u0078-mcp-heade\\u0072',
    'x-mcp\\u002Dheader',
  ]
  for (const text of spelt) {
    const tool = `{"name":"t","inputSchema":{"properties":{"a":{"type":"string","${text}":"a b"}}}}`
    assert.ok(mayAnnotate(Buffer.from(tool)), text)
    assert.not.ok(isMirrorable(Buffer.from(tool)), text)
  }
  for (const text of ['x-mcp-heade', '\\u00e9', 'x\\u012dmcp-header', 'é']) {
    assert.not.ok(mayAnnotate(Buffer.from(`{"${text}":"a b"}`)), text)
  }
})

test('a tool that two parsers read differently is invalid only where headers are concerned', () => {
  const twice = (name: string) =>
    Buffer.from(
      `{"name":"t","inputSchema":{"properties":{"a":{"type":"string","${name}":"B","${name}":"a b"}}}}`,
    )
  assert.not.ok(isMirrorable(twice('x-mcp-header')))
  assert.ok(isMirrorable(twice('title')))
})

test.run()
