/**
 * What a message is, read from its bytes in pieces: kind, id, lists with the range and name of each
 * item. Anything that two parsers could read differently is a problem and nothing else.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EnvelopeReader } from '../../src/mcp/envelope.js'

function read(text: string, cuts: readonly number[] = []) {
  const bytes = Buffer.from(text)
  const reader = new EnvelopeReader()
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    reader.push(bytes.subarray(from, cut))
    from = cut
  }
  const ok = reader.finish()
  const lists = reader.lists.map(({ kind, start, end, items }) => ({
    kind,
    text: bytes.subarray(start, end).toString(),
    items: items.map((item) => [bytes.subarray(item.start, item.end).toString(), item.name]),
  }))
  const scope = reader.cacheScope
  return {
    ok,
    problem: reader.problem,
    id: reader.id,
    method: reader.method,
    lists,
    cacheScope: scope === null ? null : bytes.subarray(scope.start, scope.end).toString(),
  }
}

const result = (json: string) => `{"jsonrpc":"2.0","id":1,"result":${json}}`
const twice = (name: string) => `member \`${name}\` twice in a message`
const problems: readonly (readonly [text: string, problem: string])[] = [
  ['[]', 'not a JSON-RPC object'],
  ['"a"', 'not a JSON-RPC object'],
  ['{}', 'not JSON-RPC 2.0'],
  ['{"id":1,"result":{}}', 'not JSON-RPC 2.0'],
  ['{"jsonrpc":"2.1","id":1,"result":{}}', 'not JSON-RPC 2.0'],
  ['{"jsonrpc":2.0,"id":1,"result":{}}', 'malformed jsonrpc'],
  ['{"jsonrpc":"2.0","id":1}', 'neither a request nor a response'],
  ['{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', 'neither a request nor a response'],
  ['{"jsonrpc":"2.0","id":1,"method":"m","result":{}}', 'neither a request nor a response'],
  ['{"jsonrpc":"2.0","id":1,"result":{},"params":{}}', 'params in a response'],
  ['{"jsonrpc":"2.0","id":1,"id":1,"result":{}}', twice('id')],
  ['{"jsonrpc":"2.0","id":1,"result":{},"result":{}}', twice('result')],
  ['{"jsonrpc":"2.0","id":1,"result":{},"\\u0072esult":{}}', twice('result')],
  ['{"jsonrpc":"2.0","id":1,"Result":{}}', 'unknown member in a message'],
  ['{"jsonrpc":"2.0","id":1,"result":{},"x":1}', 'unknown member in a message'],
  [`{"jsonrpc":"2.0","id":1,"result":{},"${'k'.repeat(2000)}":1}`, 'unknown member in a message'],
  ['{"jsonrpc":"2.0","id":{},"result":{}}', 'malformed id'],
  ['{"jsonrpc":"2.0","id":[1],"result":{}}', 'malformed id'],
  [`{"jsonrpc":"2.0","id":"${'x'.repeat(9000)}","result":{}}`, 'malformed id'],
  ['{"jsonrpc":"2.0","id":"\\ud800","result":{}}', 'malformed id'],
  ['{"jsonrpc":"2.0","id":1,"method":1}', 'malformed method'],
  ['{"jsonrpc":"2.0","id":1,"method":null}', 'malformed method'],
  [result('{"tools":{}}'), '`tools` in a result is not an array'],
  [result('{"prompts":null}'), '`prompts` in a result is not an array'],
  [result('{"resources":"a"}'), '`resources` in a result is not an array'],
  [result('{"tools":[],"tools":[]}'), 'member `tools` twice in a result'],
  [result('{"tools":[],"\\u0074ools":[]}'), 'member `tools` twice in a result'],
  [result('{"Tools":[]}'), 'a member of the result looks like `tools`'],
  [result('{"tool\u017f":[]}'), 'a member of the result looks like `tools`'],
  [result('{"tools\\u0000":[]}'), 'a member of the result looks like `tools`'],
  [result('{"resourcetemplates":[]}'), 'a member of the result looks like `resourceTemplates`'],
  [result('{"cachescope":"x"}'), 'a member of the result looks like `cacheScope`'],
  [result('{"cacheScope":1}'), 'malformed cacheScope'],
  [result(`{"tools":[${Array(10_001).fill('{}').join(',')}]}`), 'too many items in a list'],
  [
    result(`{"tools":[],"tasks":[${Array(4097).fill('{"taskId":""}').join(',')}]}`),
    'too many ids in a message',
  ],
  [`${result('{}')}x`, 'text after the value'],
]
for (const [text, problem] of problems) {
  test(`${text.slice(0, 70)}: ${problem}`, () => {
    assert.equal([read(text).ok, read(text).problem], [false, problem])
    const step = text.length > 1000 ? 997 : 1
    for (let cut = 1; cut < text.length; cut += step) {
      assert.is(read(text, [cut]).problem, problem, `cut at ${cut}`)
    }
  })
}

const ids = [
  ['1', { type: 'number', text: '1' }],
  ['1.0', { type: 'number', text: '1.0' }],
  ['-7', { type: 'number', text: '-7' }],
  ['"1"', { type: 'string', text: '1' }],
  ['"\\u0031"', { type: 'string', text: '1' }],
  ['null', null],
] as const
for (const [json, id] of ids) {
  test(`id ${json}`, () => {
    const text = `{"result":{},"id":${json},"jsonrpc":"2.0"}`
    assert.equal([read(text).ok, read(text).id], [true, id])
  })
}

const items: readonly (readonly [kind: string, item: string, name: string | null])[] = [
  ['tools', '{"name":"a"}', 'a'],
  ['tools', '{"n\\u0061me":"\\u0061"}', 'a'],
  ['tools', '{"inputSchema":{"name":"x"},"name":"a","title":"name"}', 'a'],
  ['tools', '{"name":""}', null],
  ['tools', '{"name":1}', null],
  ['tools', '{"name":null}', null],
  ['tools', '{"name":["a"]}', null],
  ['tools', '{"name":{"name":"a"}}', null],
  ['tools', '{"name":"a","name":"a"}', null],
  ['tools', '{"name":"a","Name":"b"}', null],
  ['tools', '{"NAME":"a"}', null],
  ['tools', '{"name\\u0000":"a","name":"b"}', null],
  ['tools', '{"name":"\\ud800"}', null],
  ['tools', `{"name":"${'x'.repeat(9000)}"}`, null],
  ['tools', '{}', null],
  ['tools', '"a"', null],
  ['tools', '["name","a"]', null],
  ['tools', 'null', null],
  ['tools', '{"uri":"a","name":"b"}', 'b'],
  ['prompts', '{"name":"p"}', 'p'],
  ['resources', '{"name":"n","uri":"file:///a"}', 'file:///a'],
  ['resources', '{"name":"n"}', null],
  ['resources', '{"uri":"a","URI":"b"}', null],
  ['resourceTemplates', '{"uri":"u","uriTemplate":"t/{x}"}', 't/{x}'],
  ['resourceTemplates', '{"uritemplate":"t"}', null],
]
for (const [kind, item, name] of items) {
  test(`${kind}: ${item.slice(0, 60)} is ${name}`, () => {
    const text = result(`{"x":{"tools":[{"name":"no"}]},"${kind}": [ ${item} ,${item}] ,"y":1}`)
    const expected = [
      {
        kind,
        text: `[ ${item} ,${item}]`,
        items: [
          [item, name],
          [item, name],
        ],
      },
    ]
    assert.equal(read(text).lists, expected)
    const step = text.length > 1000 ? 499 : 1
    for (let cut = 1; cut < text.length; cut += step) {
      assert.equal(read(text, [cut]).lists, expected, `cut at ${cut}`)
    }
  })
}

test('several lists in one result, and the cache scope', () => {
  const text = result('{"tools":[],"cacheScope" : "public","prompts":[{"name":"p"}]}')
  const { ok, lists, cacheScope } = read(text)
  assert.ok(ok)
  assert.equal(
    lists.map(({ kind, items: all }) => [kind, all.length]),
    [
      ['tools', 0],
      ['prompts', 1],
    ],
  )
  assert.is(cacheScope, '"public"')
})

test('lists elsewhere are none of ours', () => {
  const texts = [
    '{"jsonrpc":"2.0","method":"m","params":{"tools":[{"name":"a"}]}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m","data":{"tools":[]}}}',
    result('{"content":[{"tools":[{"name":"a"}]}]}'),
    result('[{"tools":[]}]'),
    result('"tools"'),
  ]
  for (const text of texts) assert.equal([read(text).ok, read(text).lists], [true, []])
})

test('while it is read: where it is, and that a list has begun', () => {
  const reader = new EnvelopeReader()
  reader.push(Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"content":"'))
  assert.equal([reader.inResult, reader.hasList, reader.complete], [true, false, false])
  reader.push(Buffer.from('x","tools":['))
  assert.equal([reader.inResult, reader.hasList], [true, true])
  reader.push(Buffer.from(']}'))
  assert.equal([reader.inResult, reader.hasList], [false, true])
  reader.push(Buffer.from('}'))
  assert.equal([reader.complete, reader.has('result'), reader.has('error')], [true, true, false])
})

const cursors: readonly (readonly [json: string, cursor: string | null])[] = [
  ['{"tools":[],"nextCursor" : "p\\u0032"}', '"p\\u0032"'],
  ['{"nextCursor":"p","tools":[]}', '"p"'],
  ['{"tools":[]}', null],
  ['{"tools":[],"nextCursor":null}', null],
  ['{"tools":[],"nextCursor":{"a":"p"}}', null],
  ['{"tools":[{"name":"a","nextCursor":"p"}]}', null],
  ['{"tools":[],"nextCursor":"p","nextCursor":"q"}', null],
  ['{"tools":[],"nextCursor":"p","next\\u0043ursor":1,"nextCursor":"q"}', null],
]
for (const [json, cursor] of cursors) {
  test(`the cursor of the next page, byte by byte: ${json}`, () => {
    const bytes = Buffer.from(result(json))
    const reader = new EnvelopeReader()
    for (const byte of bytes) reader.push(Uint8Array.of(byte))
    assert.ok(reader.finish())
    const at = reader.nextCursor
    assert.is(at === null ? null : bytes.subarray(at.start, at.end).toString(), cursor)
  })
}

test.run()
