/**
 * Judged = sent: whatever bytes arrive, they are refused, or what is sent on is read by every kind
 * of parser as exactly what was judged. The readers are not the gateway's own: JSON.parse, one that
 * takes the first of equal members, one that takes the last, one that compares names without case,
 * and Python's json where there is a Python.
 */
import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json, Message } from '../../src/domain.js'
import { classifyInbound } from '../../src/mcp/classify.js'
import { parseStrict } from '../../src/mcp/json.js'
import { readMessage, serialise } from '../../src/mcp/json-rpc.js'
import { namedItems } from '../../src/mcp/methods.js'
import { decodeHeaderValue } from '../../src/mcp/mirror.js'
import { testUnless } from '../runner/skip.js'
import { type Case, drawCase } from '../support/body-cases.js'
import { jsonOf, member, type Node, type Pick, readNode } from '../support/json-readers.js'
import { seededRandom } from '../support/random.js'

const test = suite('judged is sent')
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
const cases = 100_000
const pythonSample = 2000
const limits = { maxDepth: 64, maxMembers: 400 }
const picks: Pick[] = ['first', 'last', 'folded']

/** Every way to end that the cases have to reach. */
const classes = [
  ...['encoding', 'syntax', 'depth', 'members', 'duplicate', 'number', 'surrogate', 'batch'],
  'the message is not an object',
  'the message has an unknown member',
  'jsonrpc is not "2.0"',
  'id is not a string of up to 1024 characters or an integer',
  'method is missing',
  'method is not a string of 1 to 256 characters',
  'the method is reserved',
  'the message is both a request and a response',
  'the response has no id',
  'the response has params',
  'the response has both result and error',
  'result is not an object',
  'error is not an object with an integer code and a message',
  'params is not an object',
  '_meta is not an object',
  ...['params', '_meta', 'ref', 'notifications'].map(
    (where) => `a member of ${where} differs from a known one only in its spelling`,
  ),
  ...['header-mismatch', 'envelope-invalid', 'version-unsupported', 'version-unknown'],
  ...['response-unexpected', 'initialize-invalid', 'method-removed', 'unnamed'],
  ...['request', 'notification'].flatMap((kind) => [`legacy ${kind}`, `modern ${kind}`]),
  'legacy response',
]

type Verdict = { refused: string } | { era: string; message: Message }

const reached = new Map<string, number>()
const accepted: Buffer[] = []

test(`${cases} bodies are refused or read alike by everybody (seed ${seed})`, () => {
  const random = seededRandom(seed)
  for (let count = 0; count < cases; count += 1) {
    const drawn = drawCase(random)
    const verdict = judge(drawn)
    const result = 'refused' in verdict ? verdict.refused : `${verdict.era} ${verdict.message.kind}`
    reached.set(result, (reached.get(result) ?? 0) + 1)
    try {
      if ('refused' in verdict) checkRefusal(drawn, verdict.refused)
      else checkAccepted(drawn, verdict.message)
    } catch (thrown) {
      const body = JSON.stringify(drawn.bytes.toString('latin1'))
      throw new Error(`case ${count} (${drawn.mutation}) ${body}: ${String(thrown)}`)
    }
  }
})

test('every class of refusal and every kind of message was reached', () => {
  for (const name of new Set([...classes, ...reached.keys()])) {
    console.log(`  ${String(reached.get(name) ?? 0).padStart(7)}  ${name}`)
  }
  const missed = classes.filter((name) => !reached.has(name))
  assert.equal(missed, [])
  const strangers = [...reached.keys()].filter((name) => !classes.includes(name))
  assert.equal(strangers, [])
})

const python = spawnSync('python3', ['--version']).status === 0
const pythonTest = testUnless(python ? null : 'there is no python3', test)

pythonTest(`Python reads ${pythonSample} of them as they were judged`, () => {
  const sample = accepted.slice(0, pythonSample)
  assert.is(sample.length, pythonSample)
  const program = [
    'import base64, json, sys',
    'for line in sys.stdin: print(json.dumps(json.loads(base64.b64decode(line))))',
  ].join('\n')
  const input = sample.map((bytes) => bytes.toString('base64')).join('\n')
  const run = spawnSync('python3', ['-c', program], { input, maxBuffer: 1 << 28 })
  assert.is(run.stderr.toString(), '')
  const lines = run.stdout.toString().trim().split('\n')
  assert.is(lines.length, sample.length)
  lines.forEach((line, index) => {
    const ours = parseStrict(sample[index] ?? Buffer.alloc(0), limits)
    assert.ok(ours.ok)
    if (ours.ok) assert.is(canonical(JSON.parse(line) as Json), canonical(ours.value))
  })
})

/** The request path up to the policy, as the gateway takes it. */
function judge({ bytes, headers }: Case): Verdict {
  const parsed = parseStrict(bytes, limits)
  if (!parsed.ok) return { refused: parsed.problem }
  if (Array.isArray(parsed.value)) return { refused: 'batch' }
  const read = readMessage(parsed.value)
  if (!read.ok) return { refused: read.text }
  const { message } = read
  const classified = classifyInbound({ message, headers })
  if (!classified.ok) return { refused: classified.auditCode }
  if (namedItems(message.method, message.params) === null) return { refused: 'unnamed' }
  return { era: classified.era, message }
}

function checkRefusal(drawn: Case, refused: string): void {
  if (drawn.expected !== null && drawn.expected !== 'any') assert.is(refused, drawn.expected)
}

function checkAccepted({ bytes, headers, expected }: Case, message: Message): void {
  assert.ok(expected === null || expected === 'accepted', `passed, not refused as ${expected}`)
  const sent = Buffer.from(serialise(message))
  if (accepted.length < pythonSample) accepted.push(bytes, sent)
  const names = (namedItems(message.method, message.params) ?? []).map(({ id }) => id)
  const judged = canonical({
    kind: message.kind,
    id: message.id,
    method: message.method,
    names,
    arguments: message.params?.['arguments'] ?? null,
  })
  for (const text of [bytes.toString(), sent.toString()]) {
    assert.is(canonical(JSON.parse(text) as Json), canonical(message.raw))
    const node = readNode(text)
    for (const pick of picks) {
      assert.is(canonical(readingOf(node, pick)), judged, `${pick} of ${text}`)
      if (pick !== 'folded') assert.is(canonical(jsonOf(node, pick)), canonical(message.raw))
    }
  }
  const at = headers.indexOf('Mcp-Name')
  if (at >= 0) assert.is(decodeHeaderValue(headers[at + 1] ?? ''), names[0])
}

/** What a server with a parser of that kind would act on. */
function readingOf(node: Node, pick: Pick): Json {
  const own = (of: Node | undefined, name: string): Json | undefined => {
    const found = member(of, name, pick)
    return found === undefined ? undefined : jsonOf(found, pick)
  }
  const id = own(node, 'id')
  const method = own(node, 'method')
  const params = member(node, 'params', pick)
  const named = typeof method === 'string' ? namesOf(method, params, own) : []
  return {
    kind: method === undefined ? 'response' : id === undefined ? 'notification' : 'request',
    id: id ?? null,
    method: method ?? 'response',
    names: named.filter((name) => name !== undefined),
    arguments: own(params, 'arguments') ?? null,
  }

  function namesOf(called: string, of: Node | undefined, read: typeof own): (Json | undefined)[] {
    if (called === 'tools/call' || called === 'prompts/get') return [read(of, 'name')]
    if (called === 'resources/read') return [read(of, 'uri')]
    if (called === 'tasks/get') return [read(of, 'taskId')]
    if (called === 'completion/complete') {
      const ref = member(of, 'ref', pick)
      return [read(ref, read(ref, 'type') === 'ref/prompt' ? 'name' : 'uri')]
    }
    if (called !== 'subscriptions/listen') return []
    const uris = read(member(of, 'notifications', pick), 'resourceSubscriptions')
    return Array.isArray(uris) ? uris : []
  }
}

/** One text for one value: members in order of their names, -0 as 0. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: Json) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

test.run()
