/**
 * Ways to bend a well-formed request so that two parsers could read it differently. Each names the
 * class it must lead to; null: it may pass, and then everybody has to read it alike.
 */
import {
  type Draft,
  encodeHeader,
  mirrorOf,
  modernVersion,
  number,
  object,
  text,
  textIn,
  value,
} from './bodies.js'
import { find, has, hide, insert, isRequest, objectsIn, put, remove, respell } from './body-tree.js'
import type { Node } from './json-readers.js'
import type { Random } from './random.js'

/** Bends the tree or the headers; false where the draft has nothing to bend. */
export type Bend = (draft: Draft, random: Random) => string | null | false

const claim = 'io.modelcontextprotocol/protocolVersion'
const respelt = (where: string) =>
  `a member of ${where} differs from a known one only in its spelling`
const envelopeNames = ['method', 'params', 'id', 'result', 'jsonrpc', 'error']
const paramsNames = ['name', 'uri', 'arguments', 'ref', 'taskId', '_meta', 'notifications', 'task']
const metaNames = [claim, 'progressToken', 'io.modelcontextprotocol/clientInfo']
const badId = 'id is not a string of up to 1024 characters or an integer'
const badMethod = 'method is not a string of 1 to 256 characters'

export const bends: Readonly<Record<string, Bend>> = {
  nothing: () => 'accepted',
  duplicate(draft, random) {
    const target = random.pick(objectsIn(draft.root).filter(({ members }) => members.length > 0))
    const [name, own] = random.pick(target.members)
    insert(target, [name, random.chance(0.5) ? own : value(random, 2)], random)
    return 'duplicate'
  },
  'folded in the envelope'({ root }, random) {
    return respell(root, envelopeNames, random) && 'the message has an unknown member'
  },
  'folded in params'({ root }, random) {
    return respell(find(root, 'params'), paramsNames, random) && respelt('params')
  },
  'folded in _meta'({ root }, random) {
    return respell(find(root, 'params', '_meta'), metaNames, random) && respelt('_meta')
  },
  'folded in ref'({ root }, random) {
    return respell(find(root, 'params', 'ref'), ['type', 'name', 'uri'], random) && respelt('ref')
  },
  'folded in notifications'({ root }, random) {
    return (
      respell(
        find(root, 'params', 'notifications'),
        ['resourceSubscriptions', 'taskIds'],
        random,
      ) && respelt('notifications')
    )
  },
  'folded in arguments'({ root }, random) {
    return respell(find(root, 'params', 'arguments'), paramsNames, random) && null
  },
  'too deep'({ root }, random) {
    let node: Node = object()
    for (let level = 0; level < 64; level += 1) {
      node = random.chance(0.5) ? { type: 'array', elements: [node] } : object({ a: node })
    }
    return hide(root, node, random) && 'depth'
  },
  'too many members'({ root }, random) {
    const elements = Array.from({ length: 401 }, () => number('0'))
    return hide(root, { type: 'array', elements }, random) && 'members'
  },
  'inexact number'({ root }, random) {
    const written = ['1e400', '9007199254740993', '0.1000000000000000055', '1e-400', '-1E+999']
    return hide(root, number(random.pick(written)), random) && 'number'
  },
  'lone surrogate'({ root }, random) {
    const half = random.pick(['\ud800', 'x\udfff', '\udc00\ud800', '😀\ud83d'])
    if (random.chance(0.5)) return hide(root, object({ [half]: text('x') }), random) && 'surrogate'
    return hide(root, text(half), random) && 'surrogate'
  },
  'disguised response'({ root }, random) {
    if (textIn(root, 'method') === undefined) return false
    const error = object({ code: number('1'), message: text('') })
    const members: [string, Node][] = [
      ['result', object()],
      ['result', { type: 'plain', value: null }],
      ['error', error],
    ]
    insert(root, random.pick(members), random)
    return 'the message is both a request and a response'
  },
  'response with params'({ root }, random) {
    if (textIn(root, 'method') !== undefined) return false
    insert(root, ['params', object({ name: text('x') })], random)
    return 'the response has params'
  },
  'response with result and error'({ root }) {
    if (textIn(root, 'method') !== undefined) return false
    put(root, 'result', object())
    put(root, 'error', { type: 'plain', value: null })
    return 'the response has both result and error'
  },
  'response without id'({ root }) {
    if (textIn(root, 'method') !== undefined) return false
    return remove(root, 'id') && 'the response has no id'
  },
  'result of another shape'({ root }) {
    if (!has(root, 'result')) return false
    put(root, 'result', { type: 'array', elements: [] })
    return 'result is not an object'
  },
  'error of another shape'({ root }, random) {
    if (!has(root, 'error')) return false
    put(root, 'error', random.pick([text('no'), object({ code: number('1') })]))
    return 'error is not an object with an integer code and a message'
  },
  'method missing'({ root }) {
    return remove(root, 'method') && 'method is missing'
  },
  'method of another type'({ root }, random) {
    if (textIn(root, 'method') === undefined) return false
    put(root, 'method', random.pick([number('1'), text(''), object(), text('x'.repeat(257))]))
    return badMethod
  },
  'reserved method'({ root }, random) {
    if (textIn(root, 'method') === undefined) return false
    put(root, 'method', text(random.pick(['response', 'stream/open', 'session/close'])))
    return 'the method is reserved'
  },
  'id of another type'({ root }, random) {
    if (!has(root, 'id')) return false
    const ids: Node[] = [{ type: 'plain', value: null }, number('1.5'), number('1e300'), object()]
    put(root, 'id', random.pick([...ids, text('x'.repeat(4097)), number('9007199254740992')]))
    return badId
  },
  'other jsonrpc'({ root }, random) {
    put(root, 'jsonrpc', random.pick([text('1.0'), number('2.0'), text('2.0 ')]))
    return 'jsonrpc is not "2.0"'
  },
  'unknown envelope member'({ root }, random) {
    insert(root, [random.pick(['__proto__', 'extra', '']), value(random, 1)], random)
    return 'the message has an unknown member'
  },
  'params of another type'({ root }, random) {
    if (textIn(root, 'method') === undefined) return false
    const array: Node = { type: 'array', elements: [object()] }
    put(root, 'params', random.pick([array, text('{}'), { type: 'plain', value: null }]))
    return 'params is not an object'
  },
  '_meta of another type'({ root }, random) {
    const params = find(root, 'params')
    if (params === null) return false
    put(params, '_meta', random.pick([text('x'), { type: 'plain', value: null }]))
    return '_meta is not an object'
  },
  'own __proto__'({ root }, random) {
    const targets = objectsIn(root).filter(
      (node) => node !== root && node !== find(root, 'error') && !has(node, '__proto__'),
    )
    if (targets.length === 0) return false
    const inherited = object({ name: text('other'), method: text('x') })
    insert(random.pick(targets), ['__proto__', inherited], random)
    return 'accepted'
  },
  'item not named'(draft, random) {
    const params = find(draft.root, 'params')
    if (params === null) return false
    const refs = [object(), text('ref/prompt'), object({ type: text('ref/prompt') })]
    if (has(params, 'ref')) put(params, 'ref', random.pick(refs))
    else if (textIn(draft.root, 'method') !== 'tools/call' || !remove(params, 'name')) return false
    draft.headers = draft.headers.filter(([name]) => name !== 'Mcp-Name')
    return 'unnamed'
  },
  'initialize without a version'({ root }) {
    const params = find(root, 'params')
    if (params === null || textIn(root, 'method') !== 'initialize') return false
    return remove(params, 'protocolVersion') && 'initialize-invalid'
  },
  'modern initialize'(draft) {
    if (find(draft.root, 'params', '_meta') === null || !isRequest(draft.root)) return false
    put(draft.root, 'method', text('initialize'))
    draft.headers = mirrorOf(draft.root, false)
    return 'method-removed'
  },
  'other version claimed'(draft, random) {
    const meta = find(draft.root, 'params', '_meta')
    if (meta === null) return false
    const version = random.pick(['2099-01-01', '2025-11-25', '__proto__'])
    put(meta, claim, text(version))
    draft.headers = draft.headers.map(([name, own]) => [
      name,
      own === modernVersion ? version : own,
    ])
    return 'version-unsupported'
  },
  'envelope taken away'({ root }) {
    const params = find(root, 'params')
    if (params === null || !isRequest(root)) return false
    return remove(params, '_meta') && 'envelope-invalid'
  },
  'unknown legacy version'(draft) {
    if (find(draft.root, 'params', '_meta') !== null) return false
    draft.headers = [['mcp-protocol-version', '2025-11-26']]
    return 'version-unknown'
  },
  'modern response'(draft) {
    if (textIn(draft.root, 'method') !== undefined) return false
    draft.headers = [['MCP-Protocol-Version', modernVersion]]
    return 'response-unexpected'
  },
  'header of another value'(draft, random) {
    if (draft.headers.length < 2) return false
    const at = random.below(draft.headers.length)
    const others = ['', 'tools/LIST', encodeHeader('é'), '2025-06-18', '=?base64?x?=']
    const [name = ''] = draft.headers[at] ?? []
    draft.headers[at] = [name, random.pick(others)]
    return 'header-mismatch'
  },
  'header left out'(draft, random) {
    if (draft.headers.length < 2) return false
    draft.headers.splice(random.below(draft.headers.length), 1)
    return 'header-mismatch'
  },
  'header twice'(draft, random) {
    if (draft.headers.length === 0) return false
    const [name, own] = random.pick(draft.headers)
    draft.headers.push([random.chance(0.5) ? name.toUpperCase() : name, own])
    return 'header-mismatch'
  },
}
