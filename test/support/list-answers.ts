/**
 * Generates what a hostile or careless upstream could send as an answer that holds a list: items,
 * envelopes, framings, chunkings, statuses, media types and encodings, each by a named class.
 */
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { UpstreamAnswer } from './answer-rig.js'
import type { Random } from './random.js'

export interface GeneratedAnswer {
  readonly answer: UpstreamAnswer
  /** Names of the classes that the case belongs to. */
  readonly classes: readonly string[]
  /** Nothing about it is unusual: what the client may see must also arrive. */
  readonly honest: boolean
  readonly offered: ReadonlySet<string>
}

type Bytes = Uint8Array
const encode = (text: string): Bytes => Buffer.from(text)

const lists = [
  { member: 'tools', name: 'name' },
  { member: 'prompts', name: 'name' },
  { member: 'resources', name: 'uri' },
  { member: 'resourceTemplates', name: 'uriTemplate' },
] as const

const itemKinds = [
  'plain',
  'plain',
  'plain',
  'plain',
  'rich',
  'doubled-member',
  'folded-member',
  'escaped-member',
  'escaped-name',
  'number-name',
  'no-name',
  'not-an-object',
  'surrogate-name',
  'odd-number',
  'nested-list',
  'same-name-twice',
] as const
const envelopes = [
  'plain',
  'plain',
  'plain',
  'plain',
  'plain',
  'plain',
  'id-first',
  'pretty',
  'doubled-result',
  'doubled-list',
  'folded-list',
  'folded-result',
  'escaped-list',
  'result-and-error',
  'other-id',
  'string-id',
  'no-id',
  'null-id',
  'array',
  'trailing-data',
  'trailing-comma',
  'comment',
  'truncated',
  'method-and-result',
  'list-not-array',
  'invalid-utf8',
  'overlong-quote',
  'large-before',
  'two-lists',
  'cache-scope',
  'bom',
  'unknown-member',
  'control-character',
] as const
const framings = [
  'json',
  'json',
  'sse',
  'sse-crlf',
  'sse-cr',
  'sse-mixed',
  'sse-multi-line',
  'sse-split-string',
  'sse-no-space',
  'sse-other-event',
  'sse-bom',
  'sse-comments',
  'sse-priming',
  'sse-two-messages',
  'sse-unfinished',
  'sse-two-in-one-event',
  'json-in-sse-type',
  'sse-in-json-type',
] as const
const jsonTypes = ['application/json', 'Application/JSON; charset=UTF-8', 'application/json ;x=1']
const sseTypes = ['text/event-stream', 'TEXT/EVENT-STREAM; charset=utf-8']
const otherTypes = [
  'text/plain',
  'application/octet-stream',
  'application/json; charset=utf-16',
  null,
]

export const allClasses: readonly string[] = [
  ...new Set([
    ...itemKinds.map((kind) => `item:${kind}`),
    ...envelopes.map((kind) => `envelope:${kind}`),
    ...framings.map((kind) => `framing:${kind}`),
    'type:usual',
    'type:other',
    'encoding:none',
    'encoding:identity',
    'encoding:gzip',
    'encoding:br',
    'chunks:one',
    'chunks:bytes',
    'chunks:random',
    'chunks:large',
    'status:200',
    'status:201',
    'status:206',
    'status:202',
    'status:400',
    'status:404',
    'status:500',
  ]),
]

export function generateAnswer(random: Random, names: readonly string[]): GeneratedAnswer {
  const classes = new Set<string>()
  const offered = new Set<string>()
  const list = random.pick(lists)
  const items = generateItems(random, list.name, names, classes, offered)
  const envelope = random.pick(envelopes)
  classes.add(`envelope:${envelope}`)
  let message = encodeEnvelope(envelope, list.member, items, random)
  const framing = random.pick(framings)
  classes.add(`framing:${framing}`)
  message = frame(framing, message, random)

  const usualType = random.chance(0.85)
  classes.add(usualType ? 'type:usual' : 'type:other')
  const asSse = framing.startsWith('sse') ? framing !== 'sse-in-json-type' : framing !== 'json'
  const type = usualType ? random.pick(asSse ? sseTypes : jsonTypes) : random.pick(otherTypes)
  const encoding = random.chance(0.9)
    ? random.pick(['none', 'identity'])
    : random.pick(['gzip', 'br'])
  classes.add(`encoding:${encoding}`)
  if (encoding === 'gzip') message = gzipSync(message)
  if (encoding === 'br') message = brotliCompressSync(message)
  const status = random.chance(0.8) ? 200 : random.pick([201, 206, 202, 400, 404, 500])
  classes.add(`status:${status}`)
  const headers: Record<string, string> = {}
  if (type !== null) headers['content-type'] = type
  if (encoding !== 'none') headers['content-encoding'] = encoding
  const honestFraming = [
    'json',
    'sse',
    'sse-crlf',
    'sse-cr',
    'sse-mixed',
    'sse-no-space',
    'sse-bom',
    'sse-comments',
    'sse-priming',
  ].includes(framing)
  const honestEnvelope =
    ['plain', 'id-first', 'cache-scope'].includes(envelope) ||
    (framing === 'json' && (envelope === 'pretty' || envelope === 'bom'))
  const honest =
    honestFraming &&
    honestEnvelope &&
    usualType &&
    status === 200 &&
    (encoding === 'none' || encoding === 'identity')
  return {
    answer: { status, headers, chunks: chunk(message, random, classes) },
    classes: [...classes],
    honest,
    offered: honest ? offered : new Set(),
  }
}

function generateItems(
  random: Random,
  nameMember: string,
  names: readonly string[],
  classes: Set<string>,
  offered: Set<string>,
): string {
  const items: string[] = []
  const count = random.below(6)
  const hidden = JSON.stringify(random.pick(names))
  for (let index = 0; index < count; index++) {
    const kind = random.pick(itemKinds)
    classes.add(`item:${kind}`)
    const name = random.pick(names)
    const quoted = JSON.stringify(name)
    const member = JSON.stringify(nameMember)
    switch (kind) {
      case 'plain':
        items.push(`{${member}:${quoted}}`)
        break
      case 'rich':
        items.push(
          `{"title":"t","inputSchema":{"type":"object","name":"x"},${member}: ${quoted} ,"_meta":{}}`,
        )
        break
      case 'doubled-member':
        items.push(`{${member}:${quoted},${member}:${hidden}}`)
        continue
      case 'folded-member':
        items.push(`{${member}:${quoted},"${nameMember.toUpperCase()}":${hidden}}`)
        continue
      case 'escaped-member':
        items.push(
          `{"\\u00${nameMember.charCodeAt(0).toString(16)}${nameMember.slice(1)}":${quoted}}`,
        )
        break
      case 'escaped-name':
        items.push(
          `{${member}:"${[...name].map((c) => `\\u00${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')}"}`,
        )
        break
      case 'number-name':
        items.push(`{${member}:7}`)
        continue
      case 'no-name':
        items.push(`{"title":${quoted}}`)
        continue
      case 'not-an-object':
        items.push(random.pick([quoted, 'null', `[${quoted}]`, '1']))
        continue
      case 'surrogate-name':
        items.push(`{${member}:${quoted.slice(0, -1)}\\ud800"}`)
        continue
      case 'odd-number':
        items.push(`{${member}:${quoted},"maximum":18446744073709551615,"e":1e999}`)
        break
      case 'nested-list':
        items.push(`{${member}:${quoted},"result":{"tools":[{"name":${hidden}}]}}`)
        break
      default:
        items.push(`{${member}:${quoted}}`, `{${member}:${quoted},"second":true}`)
    }
    offered.add(name)
  }
  return items.join(random.pick([',', ' , ']))
}

function encodeEnvelope(
  envelope: (typeof envelopes)[number],
  list: string,
  items: string,
  random: Random,
): Bytes {
  const body = `"${list}":[${items}]`
  const hidden = `{"tools":[{"name":"hidden-tool"}],"${list}":[{"name":"hidden-tool","uri":"hidden-tool"}]}`
  const plain = `{"result":{${body}},"jsonrpc":"2.0","id":1}`
  switch (envelope) {
    case 'id-first':
      return encode(`{"jsonrpc":"2.0","id":1,"result":{"_meta":{"a":[1]},${body},"nextCursor":""}}`)
    case 'pretty':
      return encode(`{\n  "jsonrpc": "2.0",\r\n  "id": 1,\n  "result": {\n    ${body}\n  }\n}\n`)
    case 'doubled-result':
      return encode(`{"jsonrpc":"2.0","id":1,"result":{${body}},"result":${hidden}}`)
    case 'doubled-list':
      return encode(`{"jsonrpc":"2.0","id":1,"result":{${body},${body}}}`)
    case 'folded-list':
      return encode(
        `{"jsonrpc":"2.0","id":1,"result":{"${random.pick(['Tools', 'tool\u017f', 'TOOLS', 'Prompts', 're\u017fources'])}":[{"name":"hidden-tool"}],${body}}}`,
      )
    case 'folded-result':
      return encode(`{"jsonrpc":"2.0","id":1,"Result":${hidden},"result":{${body}}}`)
    case 'escaped-list':
      return encode(
        `{"jsonrpc":"2.0","id":1,"result":{"\\u00${list.charCodeAt(0).toString(16)}${list.slice(1)}":[${items}]}}`,
      )
    case 'result-and-error':
      return encode(`{"jsonrpc":"2.0","id":1,"result":{${body}},"error":{"code":1,"message":"m"}}`)
    case 'other-id':
      return encode(`{"jsonrpc":"2.0","id":2,"result":{${body}}}`)
    case 'string-id':
      return encode(`{"jsonrpc":"2.0","id":"1","result":{${body}}}`)
    case 'no-id':
      return encode(`{"jsonrpc":"2.0","result":{${body}}}`)
    case 'null-id':
      return encode(`{"jsonrpc":"2.0","id":null,"result":{${body}}}`)
    case 'array':
      return encode(`[${plain}]`)
    case 'trailing-data':
      return encode(`${plain}${random.pick([plain, 'x', '\0', `\n${plain}`])}`)
    case 'trailing-comma':
      return encode(`{"jsonrpc":"2.0","id":1,"result":{${body},}}`)
    case 'comment':
      return encode(`{"jsonrpc":"2.0","id":1,/* c */"result":{${body}}}`)
    case 'truncated':
      return encode(plain.slice(0, random.below(plain.length)))
    case 'method-and-result':
      return encode(`{"jsonrpc":"2.0","id":1,"method":"ping","result":{${body}}}`)
    case 'list-not-array':
      return encode(`{"jsonrpc":"2.0","id":1,"result":{"${list}":{"0":{"name":"hidden-tool"}}}}`)
    case 'invalid-utf8':
      return Buffer.concat([
        encode(`{"jsonrpc":"2.0","id":1,"result":{"t":"`),
        Buffer.of(0xff),
        encode(`",${body}}}`),
      ])
    case 'overlong-quote':
      return Buffer.concat([
        encode(`{"jsonrpc":"2.0","id":1,"result":{"t":"`),
        Buffer.of(0xc0, 0xa2),
        encode(`",${body}}}`),
      ])
    case 'large-before':
      return encode(
        `{"jsonrpc":"2.0","id":1,"result":{"content":"${'x'.repeat(random.pick([10, 10_000, 70_000]))}",${body}}}`,
      )
    case 'two-lists':
      return encode(
        `{"jsonrpc":"2.0","id":1,"result":{${body},"${list === 'tools' ? 'prompts' : 'tools'}":[{"name":"hidden-tool"},{"name":"open-tool"}]}}`,
      )
    case 'cache-scope':
      return encode(`{"jsonrpc":"2.0","id":1,"result":{"ttlMs":5,"cacheScope":"public",${body}}}`)
    case 'bom':
      return encode(`\ufeff${plain}`)
    case 'unknown-member':
      return encode(`{"jsonrpc":"2.0","id":1,"results":${hidden},"result":{${body}}}`)
    case 'control-character':
      return encode(`{"jsonrpc":"2.0","id":1,"result":{"t":"a\u0001b",${body}}}`)
    default:
      return encode(plain)
  }
}

function frame(framing: (typeof framings)[number], json: Bytes, random: Random): Bytes {
  const event = (line: string, ...lines: (string | Bytes)[]) =>
    Buffer.concat(
      lines.flatMap((part) => [typeof part === 'string' ? encode(part) : part, encode(line)]),
    )
  const data = (prefix = 'data: ') => Buffer.concat([encode(prefix), json])
  const text = Buffer.from(json).toString('latin1')
  const hidden = 'data: {"jsonrpc":"2.0","id":9,"result":{"tools":[{"name":"hidden-tool"}]}}'
  switch (framing) {
    case 'json':
    case 'json-in-sse-type':
      return json
    case 'sse-crlf':
      return event('\r\n', 'event: message', data(), '')
    case 'sse-cr':
      return event('\r', data(), '')
    case 'sse-mixed':
      return Buffer.concat([encode('id: 1\r'), data(), encode('\r\n\n')])
    case 'sse-multi-line':
      return Buffer.from(`data: ${text.replaceAll(',', ',\ndata: ')}\n\n`, 'latin1')
    case 'sse-split-string': {
      const at = random.below(text.length + 1)
      return Buffer.from(`data: ${text.slice(0, at)}\ndata: ${text.slice(at)}\n\n`, 'latin1')
    }
    case 'sse-no-space':
      return event('\n', data('data:'), '')
    case 'sse-other-event':
      return event('\n', 'event: other', data(), '')
    case 'sse-bom':
      return Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), event('\n', data(), '')])
    case 'sse-comments':
      return event('\n', ': hi', '', data(), ':', '', '')
    case 'sse-priming':
      return event('\n', 'id: a', 'retry: 10', 'data:', '', data(), '')
    case 'sse-two-messages':
      return event('\n', hidden, '', data(), '', hidden, '')
    case 'sse-unfinished':
      return data()
    case 'sse-two-in-one-event':
      return event('\n', data(), hidden, '')
    default:
      return event('\n', data(), '')
  }
}

function chunk(bytes: Bytes, random: Random, classes: Set<string>): Bytes[] {
  const ways = bytes.length > 4000 ? ['one', 'large'] : ['one', 'random', 'random', 'bytes']
  const way = random.pick(ways)
  classes.add(`chunks:${way}`)
  if (way === 'one') return [bytes]
  const chunks: Bytes[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = way === 'bytes' ? 1 : 1 + random.below(way === 'large' ? 20_000 : 40)
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}
